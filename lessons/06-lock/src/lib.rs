//! What lesson 06 builds for its demos.
//!
//! - [`explorer`]: runs a program in every order of its steps.
//! - [`inside`]: how many threads are in a part of the program at the same time.
//! - [`semaphore`]: a lock that lets so many threads in at the same time.

pub mod explorer;
pub mod inside;
pub mod semaphore;
