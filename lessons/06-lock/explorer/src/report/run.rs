//! What happened in one execution.

use std::fmt;
use std::panic::Location;

use super::fault::{Awaited, Blocked, Fault};
use crate::op::ThreadId;

/// One execution.
#[derive(Clone, Debug)]
pub struct Run {
    /// The steps that were taken.
    pub steps: Vec<Step>,
    /// The threads when the execution ended, from number 1 on.
    pub threads: Vec<Thread>,
    /// Where a thread waited in a loop for a change, if one did.
    pub polls: Option<&'static Location<'static>>,
    /// Whether a thread waited for a notification, or to be unparked.
    pub wakes: bool,
    /// How it ended.
    pub outcome: Outcome,
}

/// A step that was taken.
#[derive(Clone, Debug)]
pub struct Step {
    /// The thread that took it.
    pub thread: ThreadId,
    /// Where in the source.
    pub at: &'static Location<'static>,
    /// What it did: `load balance: 0`.
    pub description: String,
}

/// A thread when its execution ended.
#[derive(Clone, Debug)]
pub struct Thread {
    /// Its name.
    pub name: &'static str,
    /// What it does next.
    pub state: ThreadState,
}

/// What a thread does next.
#[derive(Clone, Debug)]
pub enum ThreadState {
    /// It takes no further step.
    Ended,
    /// It can take its next step, which is here in the source.
    Ready(&'static Location<'static>),
    /// It cannot take its next step.
    Blocked(Blocked),
}

impl ThreadState {
    /// Where in the source its next step is.
    pub(crate) fn at(&self) -> Option<&'static Location<'static>> {
        match self {
            ThreadState::Ended => None,
            ThreadState::Ready(at) => Some(at),
            ThreadState::Blocked(blocked) => Some(blocked.at),
        }
    }
}

/// How an execution ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The schedule has ended before the threads.
    Unfinished,
    /// Every thread has ended, and nothing went wrong.
    Right,
    /// Something went wrong.
    Fault(Fault),
}

/// A schedule that the program cannot follow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplayError {
    /// The number of the step, from 1 on.
    pub step: usize,
    /// The thread that was to take it.
    pub thread: ThreadId,
    /// Why the thread cannot take it.
    pub reason: NotReady,
}

/// Why a thread cannot take a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotReady {
    /// There are only this number of threads.
    NoSuchThread(usize),
    /// The thread waits.
    Blocked(Awaited),
    /// The thread has ended.
    Ended,
}

impl ReplayError {
    pub(crate) fn new(step: usize, thread: ThreadId, threads: &[Thread]) -> Self {
        let reason = match thread.checked_sub(1).and_then(|index| threads.get(index)) {
            None => NotReady::NoSuchThread(threads.len()),
            Some(Thread { state: ThreadState::Blocked(blocked), .. }) => {
                NotReady::Blocked(blocked.awaits.clone())
            }
            Some(_) => NotReady::Ended,
        };
        Self { step, thread, reason }
    }
}

impl fmt::Display for ReplayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "step {} cannot be one of thread {}: ", self.step, self.thread)?;
        match &self.reason {
            NotReady::NoSuchThread(count) => write!(f, "there are {count}"),
            NotReady::Blocked(awaits) => write!(f, "it waits for {awaits}"),
            NotReady::Ended => f.write_str("it has ended"),
        }
    }
}

impl std::error::Error for ReplayError {}
