//! Which orders are tried, and how far an exploration goes.

use std::fmt;
use std::time::Duration;

/// Which orders are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Orders {
    /// Every order.
    All,
    /// Every order with at most this number of preemptions: a thread takes a step although
    /// the thread before it could have gone on (Musuvathi and Qadeer, PLDI 2007).
    Preemptions(usize),
    /// One of all the orders that differ only in the order of independent steps. Some order
    /// goes wrong if and only if one of these does. Each fault is found if no thread panics;
    /// a panic ends an execution early.
    Distinct,
}

impl fmt::Display for Orders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Orders::All => f.write_str("every order"),
            Orders::Preemptions(1) => f.write_str("every order with at most 1 preemption"),
            Orders::Preemptions(most) => {
                write!(f, "every order with at most {most} preemptions")
            }
            Orders::Distinct => f.write_str("every order that makes a difference"),
        }
    }
}

/// The limits of an exploration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Steps in an execution. An execution with more is cut off, and counted.
    pub steps: usize,
    /// Executions in all, including the redundant ones.
    pub executions: u64,
    /// How often each thread may wake spuriously from a condition variable, as std allows.
    pub spurious: u32,
    /// How much CPU time a thread may use for a step, and how long it may sleep in one. A thread
    /// that takes longer loops without a step, or waits for something that no step gives it.
    pub patience: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        let patience = Duration::from_secs(10);
        Self { steps: 1000, executions: 1_000_000, spurious: 0, patience }
    }
}

impl fmt::Display for Bounds {
    /// The bounds within which a report holds.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at most {} steps, ", self.steps)?;
        match self.spurious {
            0 => f.write_str("no spurious wake-ups")?,
            times => write!(f, "{times} spurious wake-ups a thread")?,
        }
        f.write_str(", sequentially consistent memory")
    }
}
