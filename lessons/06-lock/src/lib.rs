//! What lesson 06 builds for its demos.
//!
//! - [`explorer`]: tries the orders in which threads can take their steps.
//! - [`inside`]: how many threads are in a part of the program at the same time.
//! - [`semaphore`]: a lock that lets so many threads in at the same time.
//! - [`shared_mutex`]: a mutex between processes, with its data in memory that they share.

pub mod explorer;
pub mod inside;
pub mod semaphore;
pub mod shared_mutex;
