//! The programs with loom's variables, locks and threads.

use loom::{sync, thread};

#[allow(clippy::duplicate_mod)]
#[path = "like_std.rs"]
mod like_std;
#[allow(clippy::duplicate_mod)]
#[path = "programs.rs"]
pub mod programs;

use like_std::{Atomic, Condvar, Mutex, spawn};
