//! Tries the orders in which the threads of a program can take their steps.
//!
//! A program is a closure that is run again and again: it makes the variables and locks
//! of this module and the threads that use them. The threads are real ones, and their
//! closures are Rust like any other, but for every step on something that they share they
//! wait for their turn. So the explorer decides about the order, tries one after the other,
//! and finds those that go wrong.
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
//! What it says holds for memory that is sequentially consistent: every thread sees the
//! stores in the order in which they were made. It holds for all orders within the
//! [`Bounds`], if the [`Report`] is exhaustive. A thread that does something endless
//! between two steps cannot be interrupted.

mod clock;
mod current;
mod engine;
mod lock;
mod op;
mod queue;
mod reduction;
mod replay;
mod report;
mod run;
mod schedule;
mod search;
mod standing;
mod state;
mod thread;
mod timeline;
mod variable;

pub use lock::{Condvar, Guard, Mutex};
pub use op::{Op, ThreadId};
pub use replay::{Impossible, Outcome, Run};
pub use report::{Awaited, Blocked, Failure, Fault, Report};
pub use run::{Bounds, Explorer, Program};
pub use schedule::{NoSchedule, Schedule};
pub use search::Orders;
pub use standing::Standing;
pub use state::Step;
pub use thread::{JoinHandle, spawn};
pub use timeline::{line_of, timeline};
pub use variable::{Atomic, Cell};
