//! What can go wrong with a pool, and with a task.

use std::fmt;

/// Why the pool refuses a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PoolError {
    /// It takes no more tasks: it was closed, or it has ended.
    Closed,
    /// It cannot be joined, because it still takes tasks: close it first.
    NotClosed,
    /// It was not made with a function of this name.
    Unknown(&'static str),
    /// It cannot be made with two functions of this name.
    Duplicate(&'static str),
    /// It cannot be made in a worker, which did not call
    /// [`work_if_worker`](crate::work_if_worker).
    InWorker,
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
            Self::InWorker => write!(f, "this is a worker: call work_if_worker first in main"),
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
    /// Its argument or its result could not be converted to bytes or back.
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
            Self::Unreadable(why) => write!(f, "its bytes cannot be read: {why}"),
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
