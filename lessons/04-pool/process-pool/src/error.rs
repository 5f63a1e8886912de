//! What can go wrong with a pool, and with a task.

use std::fmt;

/// Why the pool refuses a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PoolError {
    /// It takes no more tasks: it was closed, or it has ended.
    Closed,
    /// It cannot be joined, because it still takes tasks: close it first.
    NotClosed,
    /// It was not made with this function; it may have another one of the same name.
    Unknown(&'static str),
    /// It cannot be made with two functions of this name.
    Duplicate(&'static str),
    /// It cannot be made in a worker of another pool, so not by a task.
    InWorker,
    /// It cannot be made in a program that has not called
    /// [`work_if_worker`](crate::work_if_worker), such as a test of Rust's own harness.
    NotRegistered,
    /// It cannot be made with other functions than
    /// [`work_if_worker`](crate::work_if_worker) was first called with, because the workers
    /// know only those.
    OtherFunctions {
        /// The names and types of the functions that it was to be made with.
        pool: String,
        /// The names and types of the functions that the workers know.
        worker: String,
    },
    /// This process was forked from the one that made it, and has a copy of it. Only the
    /// original has workers.
    Forked,
    /// Its workers could not be started, and why.
    Start(String),
}

impl fmt::Display for PoolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => write!(f, "the pool takes no more tasks"),
            Self::NotClosed => write!(f, "the pool still takes tasks: close it before join"),
            Self::Unknown(name) => write!(f, "the pool was made without the function '{name}'"),
            Self::Duplicate(name) => write!(f, "two functions have the name '{name}'"),
            Self::InWorker => write!(f, "a task cannot make a pool: it runs in a worker of one"),
            Self::NotRegistered => write!(
                f,
                "this program has not called work_if_worker, so it cannot be started as a worker: \
                 call it first in main"
            ),
            Self::OtherFunctions { pool, worker } => write!(
                f,
                "the pool's functions are ({pool}), but work_if_worker was called with ({worker})"
            ),
            Self::Forked => {
                write!(f, "this process was forked from the one that has the workers of the pool")
            }
            Self::Start(why) => write!(f, "start the workers: {why}"),
        }
    }
}

impl std::error::Error for PoolError {}

/// Why a task has no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TaskError {
    /// It panicked; where, and with which message.
    Panicked(String),
    /// Its worker died while running it; how, in words: `killed by SIGKILL`.
    WorkerDied(String),
    /// The pool ended before the task did, and why.
    Ended(String),
    /// Its argument or its result could not be converted to bytes or back; which, and why.
    Unreadable(String),
    /// The pool did not take it.
    Refused(PoolError),
}

impl fmt::Display for TaskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Panicked(what) => write!(f, "the task panicked {what}"),
            Self::WorkerDied(how) => write!(f, "its worker died: {how}"),
            Self::Ended(why) => write!(f, "the pool has ended: {why}"),
            Self::Unreadable(why) => f.write_str(why),
            Self::Refused(why) => why.fmt(f),
        }
    }
}

impl std::error::Error for TaskError {}

impl From<PoolError> for TaskError {
    fn from(why: PoolError) -> Self {
        Self::Refused(why)
    }
}
