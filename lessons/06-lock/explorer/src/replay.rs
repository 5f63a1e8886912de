//! One execution in a given order, with everything that was done in it.

use std::fmt;

use super::op::ThreadId;
use super::report::Fault;
use super::schedule::Schedule;
use super::search::{Ready, bit};
use super::standing::Standing;
use super::state::Step;

/// Follows a schedule.
pub(super) struct Replay {
    left: std::vec::IntoIter<ThreadId>,
    /// The thread that was to take a step and could not.
    pub stuck: Option<ThreadId>,
}

impl Replay {
    pub fn new(schedule: &Schedule) -> Self {
        Self { left: schedule.0.clone().into_iter(), stuck: None }
    }

    pub fn choose(&mut self, ready: &Ready) -> Option<ThreadId> {
        let thread = self.left.next()?;
        if thread < ready.next.len() && ready.enabled & bit(thread) != 0 {
            return Some(thread);
        }
        self.stuck = Some(thread);
        None
    }
}

/// An execution in a given order.
#[derive(Clone, Debug)]
pub struct Run {
    /// What was done.
    pub steps: Vec<Step>,
    /// The threads at the end of the schedule, from number 1 on.
    pub threads: Vec<Standing>,
    /// How it ended.
    pub outcome: Outcome,
}

/// How an execution in a given order ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The schedule is at its end; threads are left that could go on.
    Unfinished,
    /// Every thread has ended, and nothing is wrong.
    Right,
    /// Something is.
    Fault(Fault),
}

/// A schedule that the program cannot follow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Impossible {
    /// The number of the step, from 1 on.
    pub step: usize,
    /// Whose step it was to be.
    pub thread: ThreadId,
    /// Why it cannot be.
    pub why: String,
}

impl fmt::Display for Impossible {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { step, thread, why } = self;
        write!(f, "step {step} cannot be one of thread {thread}: {why}")
    }
}

impl std::error::Error for Impossible {}

impl Impossible {
    pub(super) fn new(step: usize, thread: ThreadId, threads: &[Standing]) -> Self {
        let why = match thread.checked_sub(1).and_then(|place| threads.get(place)) {
            None => format!("there are {}", threads.len()),
            Some(Standing { awaits: Some(what), .. }) => format!("it waits for {what}"),
            Some(_) => "it has ended".to_owned(),
        };
        Self { step, thread, why }
    }
}
