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
    /// Whether it used a lock, an atomic, a channel or the like that the explorer knows.
    pub uses_objects: bool,
    /// The first panic of its threads, whether or not it was caught.
    pub panic: Option<Panicked>,
    /// How it ended.
    pub outcome: Outcome,
}

/// A panic of a thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Panicked {
    /// What it said.
    pub message: String,
    /// The source file, as [`Location::file`] gives it, and the line there.
    pub at: (&'static str, u32),
}

impl Run {
    /// Calls the first of several objects of the same name by a number, as the others are.
    pub(crate) fn number_first(&mut self, name: &str) {
        for Step { description, .. } in &mut self.steps {
            // The first word says what is done.
            if let Some((what, rest)) = description.split_once(' ')
                && let Some(rest) = numbered(rest, name)
            {
                *description = format!("{what} {rest}");
            }
        }
        let states = self.threads.iter_mut().filter_map(|thread| match &mut thread.state {
            ThreadState::Blocked(blocked) => Some(blocked),
            ThreadState::Ended | ThreadState::Ready(_) => None,
        });
        states.for_each(|blocked| blocked.awaits.number_first(name));
        if let Outcome::Fault(Fault::Deadlock(all) | Fault::Livelock(all)) = &mut self.outcome {
            all.iter_mut().for_each(|blocked| blocked.awaits.number_first(name));
        }
    }
}

/// The text with a number after each `name` that has none; `None` if there is no such.
fn numbered(text: &str, name: &str) -> Option<String> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let mut ends = Vec::new();
    for (start, _) in text.match_indices(name) {
        let (before, after) = (&text[..start], &text[start + name.len()..]);
        if !before.ends_with(is_part) && !after.starts_with(is_part) && !after.starts_with(" #") {
            ends.push(start + name.len());
        }
    }
    let mut numbered = text.to_owned();
    ends.iter().rev().for_each(|&end| numbered.insert_str(end, " #0"));
    (!ends.is_empty()).then_some(numbered)
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
