//! The side of the program that has the pool.

mod manager;
mod poll;
mod queue;
mod start;
mod worker;

pub use manager::manage;
pub use queue::{Queue, Submission};
