//! Support for the tests of the lessons and engines.
//!
//! - [`calls`]: what a program asked of the kernel, and what that answered.
//! - [`figures`]: what a demo prints or draws, as numbers again.
//! - [`harness`]: a test program with one thread, for tests that fork.
//! - [`printed`]: what a part of a demo prints when a test calls it.
//! - [`random`]: random numbers, the same in each run.
//! - [`recorded`]: what a demo did, as strace records it.
//! - [`running`]: a demo that runs while a test looks on.
//! - [`seen`]: waiting for what can be seen from outside.
//! - [`start`]: programs that start as from a shell.
//! - [`tamper`]: what a demo reads, changed on its way.
//! - [`witness`]: which process wrote which line, as the kernel says.

pub mod calls;
pub mod figures;
pub mod harness;
pub mod printed;
pub mod random;
pub mod recorded;
pub mod running;
pub mod seen;
pub mod start;
pub mod tamper;
pub mod witness;
