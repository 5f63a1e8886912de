//! What lesson 06 builds for its demos.
//!
//! - [`inside`]: how many threads are in a part of the program at the same time.
//! - [`semaphore`]: a lock that lets so many threads in at the same time.

pub mod inside;
pub mod semaphore;
