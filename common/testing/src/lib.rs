//! Support for the tests of the lessons and engines.
//!
//! - [`harness`]: a test program with one thread, for tests that fork.
//! - [`random`]: random numbers, the same in each run.
//! - [`recorded`]: what a demo did, as strace records it.
//! - [`running`]: a demo that runs while a test looks on.
//! - [`seen`]: waiting for what can be seen from outside.
//! - [`start`]: programs that start as from a shell.
//! - [`witness`]: which process wrote which line, as the kernel says.

pub mod harness;
pub mod random;
pub mod recorded;
pub mod running;
pub mod seen;
pub mod start;
pub mod witness;
