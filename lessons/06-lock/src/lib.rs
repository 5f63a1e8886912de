//! What lesson 06 builds for its demos.
//!
//! - [`shared_mutex`]: a mutex between processes, with its data in memory that they share.

pub mod shared_mutex;
