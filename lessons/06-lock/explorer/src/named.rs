//! Variables, locks and threads with names of their own, as small as a page about them needs.
//! They are those of [`sync`](crate::sync) and [`thread`](crate::thread), with less to write:
//! each is a handle that can be cloned, and a panic of any thread ends the execution.

mod lock;
mod thread;
mod variable;

pub use lock::{Condvar, Mutex};
pub use thread::{JoinHandle, spawn};
pub use variable::{Atomic, Cell};
