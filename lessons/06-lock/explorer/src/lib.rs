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
//! # Programs of std
//!
//! [`sync`], [`thread`] and [`hint`] have the shape of std. A program that uses them is written as
//! any other; it makes everything inside a function, and panics if the result is wrong. With the
//! `use` lines changed to `std` it runs with real threads.
//!
//! ```
//! use explorer::sync::{Arc, Mutex};
//! use explorer::{Explorer, Orders, thread};
//!
//! fn add(balance: &Mutex<i64>) {
//!     let before = *balance.lock().unwrap();
//!     *balance.lock().unwrap() = before + 1;
//! }
//!
//! let report = Explorer::default().explore(Orders::Distinct, explorer::main(|| {
//!     let balance = Arc::new(Mutex::new(0));
//!     let other = Arc::clone(&balance);
//!     let child = thread::spawn(move || add(&other));
//!     add(&balance);
//!     child.join().unwrap();
//!     assert_eq!(*balance.lock().unwrap(), 2);
//! }));
//! assert_eq!((report.executions, report.failures), (6, 4));
//! ```
//!
//! What differs from std:
//!
//! - Every `Ordering` means `SeqCst`, and `compare_exchange_weak` fails only for a reason.
//! - A wait with a limit may time out at any time, and `sleep` is a
//!   [`yield_now`](thread::yield_now). But what a loop does that saw the same as in its round before,
//!   and changed nothing, it does again only after a change: that it waits for. So a program that
//!   counts its tries ("give up after the third") is not tried in all orders, although the report
//!   is exhaustive, and threads that have looked in vain twenty times each are a livelock.
//! - A wait is woken for nothing only with [`Bounds::spurious`], and one with a limit never.
//! - The counts of an [`Arc`](sync::Arc) are std's own: no steps.
//! - A stack is never smaller than usual, and `std::process::exit` ends the exploration, too,
//!   without a report.
//! - A thread that ends with a panic, and is not joined, prints no message.
//! - A reader of a [`RwLock`](sync::RwLock) never waits for a writer that waits.
//! - A panic that cannot be unwound, as in a `Drop` while another panic unwinds the thread, is a
//!   fault and does not end the process. std still writes its line about it.
//! - Nothing chooses values: a program for each of them is explored by itself. [`Bounds`] limit the
//!   number of orders and their steps, not the time of an exploration. A semaphore is made of a
//!   [`Mutex`](sync::Mutex) and a [`Condvar`](sync::Condvar).
//! - What is not there: statics, as nothing can be made outside of an execution; thread-locals of
//!   the explorer (those of std work); `LazyLock`, `AtomicPtr`, `JoinHandle::is_finished`,
//!   `MutexGuard::map`, `Once::wait`, `OnceLock` with `PartialEq` or `Clone`, scoped threads of
//!   other crates. The compiler refuses them:
//!
//! ```compile_fail,E0015
//! static BALANCE: explorer::sync::Mutex<i64> = explorer::sync::Mutex::new(0);
//! ```
//!
//! As with std, it refuses a guard that goes to another thread:
//!
//! ```compile_fail,E0277
//! let lock = explorer::sync::Mutex::new(0);
//! let guard = lock.lock().unwrap();
//! explorer::thread::scope(|scope| {
//!     scope.spawn(move || drop(guard));
//! });
//! ```
//!
//! # What the reports say
//!
//! Its reports hold for memory that is sequentially consistent: every thread sees the stores
//! in the order in which they were made. They hold for all orders within the [`Bounds`] if
//! the [`Report`] is exhaustive. Outside of an explored program the variables, locks and
//! threads panic.

mod bounds;
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

pub use bounds::{Bounds, Orders};
pub use engine::{other_threads, settle, shared_steps};
pub use explorer::{Explorer, Program, main};
pub use named::{Atomic, Cell, Condvar, JoinHandle, Mutex, spawn};
pub use names::add_source;
pub use op::ThreadId;
pub use report::{
    Awaited, Blocked, Failure, Fault, NotReady, Outcome, Panicked, ReplayError, Report, Run, Step,
    Thread, ThreadState, line_of, timeline, timeline_alone,
};
pub use schedule::{ParseScheduleError, Schedule};
