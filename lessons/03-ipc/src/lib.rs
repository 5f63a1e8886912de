//! What lesson 03 builds for its demos.
//!
//! - [`ring`]: a ring buffer between two processes.
//! - [`ways`]: six ways to send messages from one process to another, all alike.
//! - [`timing`]: how long a message takes on each of them.

pub mod timing;
pub mod ways;

pub use common::ring;
