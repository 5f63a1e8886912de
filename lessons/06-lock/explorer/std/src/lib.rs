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

pub use explorer::{hint, sync};

/// [`std::thread`], with the explorer's threads.
pub mod thread {
    pub use std::thread::available_parallelism;

    pub use explorer::thread::*;
}

/// [`std::process`], where nothing ends the process: it is the judge's, too.
pub mod process {
    pub use std::process::*;

    /// Panics.
    #[track_caller]
    pub fn exit(status: i32) -> ! {
        panic!("the program ends its process, with status {status}")
    }

    /// Panics.
    #[track_caller]
    pub fn abort() -> ! {
        panic!("the program aborts its process")
    }
}
