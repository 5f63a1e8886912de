//! The programs with the explorer's variables, locks and threads.

use explorer::{sync, thread};

#[allow(clippy::duplicate_mod)]
#[path = "like_std.rs"]
mod like_std;
#[allow(clippy::duplicate_mod)]
#[path = "programs.rs"]
pub mod programs;

use like_std::{Atomic, Condvar, Mutex, spawn};
