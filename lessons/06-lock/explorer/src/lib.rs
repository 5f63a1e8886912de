//! Tries the orders in which the threads of a program can take their steps.
//!
//! A program is a closure that runs again and again: it creates variables and locks of this
//! crate, and the threads that use them. They are real threads, and their closures are
//! ordinary Rust, but before every step on something that they share they wait for their
//! turn. So the explorer decides about the order; it tries one order after another, and
//! finds those that go wrong.
//!
//! ```
//! use explorer::{Cell, Explorer, Orders};
//!
//! let explorer = Explorer::default();
//! let report = explorer.explore(Orders::All, |program| {
//!     let balance = Cell::new("balance", 0);
//!     for name in ["t1", "t2"] {
//!         let balance = balance.clone();
//!         program.thread(name, move || balance.set(balance.get() + 1));
//!     }
//!     program.at_the_end(move || match balance.get() {
//!         2 => Ok(()),
//!         other => Err(format!("the balance is {other}")),
//!     });
//! });
//! assert_eq!((report.executions, report.failures), (6, 4));
//! ```
//!
//! Its reports hold for memory that is sequentially consistent: every thread sees the stores
//! in the order in which they were made. They hold for all orders within the [`Bounds`] if
//! the [`Report`] is exhaustive. Outside of an explored program the variables, locks and
//! threads panic.

mod bounds;
mod crew;
mod engine;
mod execution;
mod explorer;
pub mod hint;
mod named;
mod names;
mod op;
mod replay;
mod report;
mod schedule;
mod scheduler;
mod search;
mod shown;
pub mod sync;
pub mod thread;
mod watch;

pub use bounds::{Bounds, Orders};
pub use explorer::{Explorer, Program, main};
pub use named::{Atomic, Cell, Condvar, JoinHandle, Mutex, spawn};
pub use names::add_source;
pub use op::ThreadId;
pub use report::{
    Awaited, Blocked, Failure, Fault, NotReady, Outcome, ReplayError, Report, Run, Step, Thread,
    ThreadState, line_of, timeline,
};
pub use schedule::{ParseScheduleError, Schedule};
