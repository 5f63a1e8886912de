//! A pool of processes that loses nothing.
//!
//! ```no_run
//! use process_pool::{Function, ProcessPool, Tasks, work_if_worker};
//!
//! static SQUARE: Function<u64, u64> = Function::new("square", |n| n * n);
//! static TASKS: Tasks = &[&SQUARE];
//!
//! fn main() -> anyhow::Result<()> {
//!     work_if_worker(TASKS);
//!     let pool = ProcessPool::new(TASKS)?;
//!     for square in pool.map(&SQUARE, 1..=5, None)? {
//!         println!("{}", square?);
//!     }
//!     Ok(())
//! }
//! ```
//!
//! From the outside in:
//!
//! - [`ProcessPool`]: what a program calls. `handle`, `imap`: ways to get results.
//! - [`Function`]: what a worker can run. `job`: tasks that were submitted together, as bytes.
//! - `parent`: the program's side. `queue`: where tasks are submitted. `manager`: the thread
//!   that hands them out and takes results. `worker`: a worker as the manager sees it.
//!   `start`: starting one.
//! - `child`: the worker's own side, a process.
//! - `flow`: how arguments and results travel between the two sides, through memory that
//!   outlives the worker.
//! - `fork`: whether a process is a copy, which must leave all of that alone.

mod child;
mod error;
mod flow;
mod fork;
mod function;
mod handle;
mod imap;
mod job;
mod parent;
mod pool;

pub use child::{Task, Tasks, work_if_worker};
pub use error::{PoolError, TaskError};
pub use function::Function;
pub use handle::Handle;
pub use pool::ProcessPool;
