//! Variables, locks and threads whose operations are steps. Outside of an explored program
//! they panic.

mod lock;
mod thread;
mod variable;

pub use lock::{Condvar, Guard, Mutex};
pub use thread::{JoinHandle, spawn};
pub use variable::{Atomic, Cell};
