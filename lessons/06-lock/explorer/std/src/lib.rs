//! [`std`], with the locks, atomics, channels and threads of the explorer in place of its own.
//!
//! A program that takes it for its `std` is explored as it is:
//!
//! ```toml
//! [dependencies]
//! std = { package = "explorer-std", path = "…" }
//! ```

// What is named below goes before what is taken with all the rest.
pub use std::*;

pub use explorer::{hint, sync, thread};
