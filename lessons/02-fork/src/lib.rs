//! What lesson 02 builds for its demos.
//!
//! - [`pidfd`]: waiting for the end of a process, with a deadline.
//! - [`memory`]: memory that is in use.
//! - [`starts`]: how long it takes to start a process or a thread.

pub mod memory;
pub mod pidfd;
pub mod starts;
