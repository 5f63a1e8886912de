//! The programs with the explorer's variables, locks and threads.

use lesson_06_lock::explorer::{Atomic, Condvar, Mutex, spawn};

#[path = "programs.rs"]
pub mod programs;
