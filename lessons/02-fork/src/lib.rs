//! What lesson 02 builds for its demos.
//!
//! - [`memory`]: memory that is in use.
//! - [`starts`]: how long it takes to start a process or a thread.

pub mod memory;
pub mod starts;
