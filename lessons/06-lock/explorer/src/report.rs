//! What an exploration has found.

mod fault;
mod run;
mod timeline;

use std::fmt;
use std::panic::Location;

use crate::bounds::{Bounds, Orders};
use crate::schedule::Schedule;
pub use fault::{Awaited, Blocked, Fault};
pub use run::{NotReady, Outcome, Panicked, ReplayError, Run, Step, Thread, ThreadState};
pub use timeline::{line_of, timeline, timeline_alone};

/// An execution that went wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What went wrong.
    pub fault: Fault,
    /// The order of the steps; [`replay`](crate::Explorer::replay) takes it.
    pub schedule: Schedule,
    /// How often a thread was interrupted that could have gone on.
    pub preemptions: usize,
}

impl Failure {
    /// The lower, the simpler: preemptions count first, then switches.
    fn complexity(&self) -> (usize, usize) {
        (self.preemptions, self.schedule.switches())
    }
}

/// What an exploration has found, and how far it went.
#[derive(Clone, Debug)]
pub struct Report {
    /// The orders that were to be tried.
    pub orders: Orders,
    /// The bounds of the exploration.
    pub bounds: Bounds,
    /// How many orders were tried, including those that went wrong.
    pub executions: u64,
    /// How many of them went wrong.
    pub failures: u64,
    /// How many executions were given up because an equivalent one had been tried.
    pub redundant: u64,
    /// How many executions were cut off after too many steps.
    pub too_long: u64,
    /// The order of the first of these.
    pub endless: Option<Schedule>,
    /// Whether no order was left to try. The report holds for the program only then.
    pub finished: bool,
    /// Where a thread waited in a loop for a change, in some order: it looked at something again
    /// and again.
    pub polls: Option<&'static Location<'static>>,
    /// Whether a thread waited, in some order, for a notification or to be unparked: it could be
    /// woken for nothing.
    pub wakes: bool,
    /// Whether the program used, in some order, a lock, an atomic, a channel or the like that the
    /// explorer knows. Without one, it has nothing to try: those of std are not seen.
    pub uses_objects: bool,
    /// The simplest failure: with the fewest preemptions, then with the fewest switches.
    pub simplest: Option<Failure>,
}

impl Report {
    pub(crate) fn new(orders: Orders, bounds: Bounds) -> Self {
        Self {
            orders,
            bounds,
            executions: 0,
            failures: 0,
            redundant: 0,
            too_long: 0,
            endless: None,
            finished: false,
            polls: None,
            wakes: false,
            uses_objects: false,
            simplest: None,
        }
    }

    pub(crate) fn add_failure(&mut self, failure: Failure) {
        self.failures += 1;
        let simplest = self.simplest.as_ref().map(Failure::complexity);
        if simplest.is_none_or(|simplest| failure.complexity() < simplest) {
            self.simplest = Some(failure);
        }
    }

    /// How many executions there were.
    pub(crate) fn tried(&self) -> u64 {
        self.executions + self.redundant
    }

    /// Whether every order within the bounds was tried to its end.
    pub fn is_exhaustive(&self) -> bool {
        self.finished && self.too_long == 0
    }
}

impl fmt::Display for Report {
    /// How many orders were tried and how many went wrong.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { orders, executions, failures, too_long, .. } = self;
        if self.finished {
            write!(f, "{orders}: {executions} tried, {failures} went wrong")?;
        } else {
            write!(f, "not {orders}: stopped after {executions}, {failures} went wrong")?;
        }
        if *too_long > 0 {
            write!(f, ", {too_long} cut off after {} steps", self.bounds.steps)?;
        }
        Ok(())
    }
}
