//! What can go wrong with a pool, and with a task.

use std::fmt;

/// What the pool refuses to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PoolError {
    /// It takes no more tasks: it was closed, or terminated.
    Closed,
    /// It was to be joined, but still takes tasks: close it first.
    NotClosed,
    /// The function is none of those that the pool was made with.
    Unknown(&'static str),
}

impl fmt::Display for PoolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PoolError::Closed => write!(f, "the pool takes no more tasks"),
            PoolError::NotClosed => write!(f, "the pool still takes tasks: close it before join"),
            PoolError::Unknown(name) => {
                write!(f, "the pool knows no function '{name}': make it with that one, too")
            }
        }
    }
}

impl std::error::Error for PoolError {}

/// Why a task has no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TaskError {
    /// It panicked; where, and with which message.
    Panicked(String),
    /// Its worker died while it ran; how, in words: `killed by SIGKILL`.
    WorkerDied(String),
    /// It was cancelled before it began.
    Cancelled,
    /// The pool was terminated, or cannot start workers any more.
    Ended(String),
    /// Its argument or its result could not be written as bytes, or not read from them.
    Unreadable(String),
}

impl fmt::Display for TaskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TaskError::Panicked(what) => write!(f, "the task panicked {what}"),
            TaskError::WorkerDied(how) => write!(f, "its worker died: {how}"),
            TaskError::Cancelled => write!(f, "it was cancelled"),
            TaskError::Ended(why) => write!(f, "the pool has ended: {why}"),
            TaskError::Unreadable(why) => write!(f, "its bytes cannot be read: {why}"),
        }
    }
}

impl std::error::Error for TaskError {}
