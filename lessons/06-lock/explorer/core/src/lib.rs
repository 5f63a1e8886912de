//! [`core`], with the atomics of the explorer in place of its own: a program that names them by
//! `core` is explored, too.

// What is named below goes before what is taken with all the rest.
pub use core::*;

pub use explorer::hint;

/// Its atomics.
pub mod sync {
    pub use explorer::sync::atomic;
}
