//! What lesson 06 builds for its demos.
//!
//! - [`explorer`]: tries the orders in which threads can take their steps.
//! - [`shared_mutex`]: a mutex between processes, with its data in memory that they share.

pub mod explorer;
pub mod shared_mutex;
