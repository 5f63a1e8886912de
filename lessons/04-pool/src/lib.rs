//! What lesson 04 builds: a pool of processes that loses nothing.

mod process_pool;

pub use process_pool::{
    Argument, Function, Handle, Imap, ImapUnordered, Options, Output, PoolError, ProcessPool, Task,
    TaskError, Tasks, work_if_worker,
};
