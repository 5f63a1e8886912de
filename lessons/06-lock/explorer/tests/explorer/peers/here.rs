//! The programs with the explorer's variables, locks and threads.

use explorer::{Atomic, Condvar, Mutex, spawn};

#[path = "programs.rs"]
pub mod programs;
