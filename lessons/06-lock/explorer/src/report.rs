//! What an exploration has found.

use std::fmt;
use std::panic::Location;

use super::Bounds;
use super::op::ThreadId;
use super::schedule::Schedule;
use super::search::{Cut, Orders, Search};

/// What went wrong in an execution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Threads are left, and all of them wait.
    Deadlock(Vec<Blocked>),
    /// A thread panicked.
    Panic {
        /// Its name.
        thread: &'static str,
        /// What it said.
        message: String,
    },
    /// Every thread has ended, and the result is wrong.
    Wrong(String),
}

/// A thread that cannot go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blocked {
    /// Its number.
    pub number: ThreadId,
    /// Its name.
    pub thread: &'static str,
    /// What it waits for.
    pub awaits: Awaited,
    /// Where in the source.
    pub at: &'static Location<'static>,
}

/// What a thread that cannot go on waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Awaited {
    /// A lock.
    Lock {
        /// Its name.
        lock: &'static str,
        /// Who has it.
        owner: &'static str,
    },
    /// A notification of this condition variable.
    Notification(&'static str),
    /// The end of this thread.
    End(&'static str),
}

impl Awaited {
    /// The name of the lock, the condition variable, or the thread.
    pub fn name(&self) -> &'static str {
        match self {
            Awaited::Lock { lock: name, .. } | Awaited::Notification(name) | Awaited::End(name) => {
                name
            }
        }
    }
}

impl fmt::Display for Awaited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Awaited::Lock { lock, owner } => write!(f, "the lock {lock}, which {owner} has"),
            Awaited::Notification(condition) => write!(f, "a notification of {condition}"),
            Awaited::End(thread) => write!(f, "the end of {thread}"),
        }
    }
}

impl fmt::Display for Blocked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} waits for {}", self.thread, self.awaits)
    }
}

impl Fault {
    /// Whether threads wait for a notification, and nobody is left who could send it: it
    /// was sent before they waited, or to another.
    pub fn is_lost_wake_up(&self) -> bool {
        let for_notification =
            |blocked: &Blocked| matches!(blocked.awaits, Awaited::Notification(_));
        matches!(self, Fault::Deadlock(all) if all.iter().any(for_notification))
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Deadlock(blocked) => {
                let kind = if self.is_lost_wake_up() { "lost wake-up" } else { "deadlock" };
                let all: Vec<_> = blocked.iter().map(Blocked::to_string).collect();
                write!(f, "{kind}: {}", all.join("; "))
            }
            Fault::Panic { thread, message } => write!(f, "{thread} panics: {message}"),
            Fault::Wrong(what) => f.write_str(what),
        }
    }
}

/// An execution that went wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// How.
    pub fault: Fault,
    /// In which order; [`replay`](super::Explorer::replay) takes it.
    pub schedule: Schedule,
    /// How often a thread was interrupted that could have gone on.
    pub preemptions: usize,
}

impl Failure {
    /// The less, the simpler: first by preemptions, then by switches.
    pub(super) fn complexity(&self) -> (usize, usize) {
        (self.preemptions, self.schedule.switches())
    }
}

/// What an exploration has found, and how far it went.
#[derive(Clone, Debug)]
pub struct Report {
    /// Which orders were asked for, and within which bounds.
    pub orders: Orders,
    /// See [`orders`](Self::orders).
    pub bounds: Bounds,
    /// How many orders were tried, those that went wrong among them.
    pub executions: u64,
    /// How many of them went wrong.
    pub failures: u64,
    /// How many were given up when they turned out to be like one that had been tried.
    pub redundant: u64,
    /// How many had too many steps; what would have come behind these is not known.
    pub too_long: u64,
    /// Whether there was none left to try. What it says of a program holds only then.
    pub finished: bool,
    /// The simplest failure: with the fewest preemptions, then with the fewest switches.
    pub simplest: Option<Failure>,
}

impl Report {
    pub(super) fn new(orders: Orders, bounds: Bounds) -> Self {
        Self {
            orders,
            bounds,
            executions: 0,
            failures: 0,
            redundant: 0,
            too_long: 0,
            finished: false,
            simplest: None,
        }
    }

    /// Adds an execution that is over.
    pub(super) fn add(&mut self, fault: Option<Fault>, search: &Search) {
        if search.cut == Some(Cut::Redundant) {
            self.redundant += 1;
            return;
        }
        self.executions += 1;
        self.too_long += u64::from(search.cut == Some(Cut::TooLong));
        let Some(fault) = fault else { return };
        self.failures += 1;
        let (schedule, preemptions) = search.taken();
        let failure = Failure { fault, schedule, preemptions };
        let simplest = self.simplest.as_ref().map(Failure::complexity);
        if simplest.is_none_or(|simplest| failure.complexity() < simplest) {
            self.simplest = Some(failure);
        }
    }

    /// Whether every order within the bounds was tried to its end.
    pub fn is_exhaustive(&self) -> bool {
        self.finished && self.too_long == 0
    }
}

impl fmt::Display for Report {
    /// How many orders were tried and how many went wrong.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let which = match self.orders {
            Orders::All => "every order".to_owned(),
            Orders::Preemptions(1) => "every order with at most 1 preemption".to_owned(),
            Orders::Preemptions(most) => format!("every order with at most {most} preemptions"),
            Orders::Distinct => "every order that makes a difference".to_owned(),
        };
        let (all, wrong) = (self.executions, self.failures);
        match self.finished {
            true => write!(f, "{which}: {all} tried, {wrong} went wrong")?,
            false => write!(f, "not {which}: stopped after {all}, {wrong} went wrong")?,
        }
        if self.too_long > 0 {
            write!(f, ", {} cut off after {} steps", self.too_long, self.bounds.steps)?;
        }
        Ok(())
    }
}

impl fmt::Display for Bounds {
    /// Within which bounds a report holds.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { steps, spurious, .. } = self;
        let wakes = match spurious {
            0 => "no spurious wake-ups".to_owned(),
            times => format!("{times} spurious wake-ups a thread"),
        };
        write!(f, "at most {steps} steps, {wakes}, sequentially consistent memory")
    }
}
