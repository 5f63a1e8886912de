//! A pool of processes that loses nothing.
//!
//! ```no_run
//! use process_pool::{Function, Options, ProcessPool, Tasks, work_if_worker};
//!
//! static SQUARE: Function<u64, u64> = Function::new("square", |n| n * n);
//! static TASKS: Tasks = &[&SQUARE];
//!
//! fn main() -> anyhow::Result<()> {
//!     work_if_worker(TASKS);
//!     let pool = ProcessPool::new(TASKS, Options::default())?;
//!     for square in pool.map(&SQUARE, 1..=5, None)? {
//!         println!("{}", square?);
//!     }
//!     Ok(())
//! }
//! ```
//!
//! From the outside in:
//!
//! - [`ProcessPool`]: what a program calls; `handle`, `imap`: the ways to its results.
//! - [`Function`]: what a worker can run. `job`: tasks that were submitted together.
//! - `desk`: where tasks are submitted. `manager`: the thread that hands them out and takes
//!   results; `workers`: a worker as it sees it; `start`: how one is started.
//! - `worker`: what a worker does.
//! - `flow`, `shared`: the way of arguments and results, through memory that outlives
//!   the worker.

mod desk;
mod error;
mod flow;
mod function;
mod handle;
mod imap;
mod job;
mod manager;
mod pool;
mod shared;
mod start;
mod worker;
mod workers;

pub use error::{PoolError, TaskError};
pub use function::{Function, Task};
pub use handle::Handle;
pub use imap::{Imap, ImapUnordered};
pub use pool::{Argument, Options, Output, ProcessPool};
pub use worker::work_if_worker;

/// The functions that the workers of a pool can run.
pub type Tasks = &'static [&'static dyn Task];
