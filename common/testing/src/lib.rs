//! Support for the tests of the lessons and engines.
//!
//! How a program is started:
//! - [`start`]: alike wherever the tests were started; with limits, with faults, under strace.
//! - [`harness`]: a test program with one thread, for tests that fork.
//! - [`test`], [`not_here`]: a test that the system does not let do its work is passed over.
//!
//! What a program does:
//! - [`printed`]: what a part of it prints when a unit test calls that.
//! - [`running`]: a demo that runs while a test looks on, stops it or kills it.
//! - [`seen`]: what is to be seen of a process from outside, and waiting for it.
//! - [`strace`]: the system calls of a program, as strace records them.
//! - [`tamper`]: what a program reads, changed on its way.
//! - [`terminal`]: a program on a terminal of its own.
//! - [`witness`]: which process wrote which line, as the kernel says.
//!
//! And two helpers of computation:
//! - [`figures`]: times that a demo prints or draws, as numbers again.
//! - [`random`]: random numbers, the same in each run.

pub mod browser;
pub mod figures;
pub mod harness;
pub mod not_here;
pub mod printed;
pub mod random;
pub mod running;
pub mod seen;
pub mod start;
pub mod strace;
pub mod tamper;
pub mod terminal;
pub mod witness;

pub use testing_attribute::test;
