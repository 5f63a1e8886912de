//! The scheduler that tries every order: a depth-first search over the choices. Each order
//! is an execution of the program from its beginning.
//!
//! [`Orders::Distinct`] tries one of the orders that differ only in independent steps:
//! dynamic partial-order reduction (Flanagan and Godefroid, POPL 2005) with sleep sets
//! (Godefroid, LNCS 1032) and source sets (Abdulla and others, POPL 2014).

mod clock;
mod reduction;

use crate::bounds::Orders;
use crate::op::{Op, ThreadId};
use crate::schedule::Schedule;
use crate::scheduler::{Ready, Scheduler, bit, members};
use clock::Clock;
use reduction::Choice;

/// A search through the orders of a program.
#[derive(Clone)]
pub(crate) struct Search {
    orders: Orders,
    /// The most steps in an execution.
    max_steps: usize,
    /// The choices of the last execution; the current one repeats them first.
    path: Vec<Choice>,
    /// How many choices the current execution has made.
    depth: usize,
    /// Why the execution was ended early, if it was.
    pub cut: Option<Cut>,
}

/// Why an execution was ended early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// Its order is equivalent to one that was tried.
    Redundant,
    /// It has too many steps.
    TooLong,
}

impl Scheduler for Search {
    fn choose(&mut self, ready: &Ready) -> Option<ThreadId> {
        let is_new = self.depth == self.path.len();
        if is_new {
            self.push_choice(ready)?;
        }
        let choice = &self.path[self.depth];
        if choice.enabled != ready.enabled || choice.next != ready.next {
            return None;
        }
        let op = ready.next[choice.thread];
        let is_last = self.depth + 1 == self.path.len();
        let thread = choice.thread;
        self.depth += 1;
        if is_last {
            self.set_op(op.expect("an enabled thread has a next step"));
        }
        Some(thread)
    }
}

impl Search {
    pub fn new(orders: Orders, max_steps: usize) -> Self {
        Self { orders, max_steps, path: Vec::new(), depth: 0, cut: None }
    }

    /// The order of the execution that is over.
    pub fn schedule(&self) -> Schedule {
        Schedule(self.path.iter().map(|choice| choice.thread).collect())
    }

    /// How often a thread was interrupted that could have gone on.
    pub fn preemptions(&self) -> usize {
        let interrupted = |pair: &&[Choice]| {
            pair[0].thread != pair[1].thread && pair[1].enabled & bit(pair[0].thread) != 0
        };
        self.path.windows(2).filter(interrupted).count()
    }

    /// The choice at which the execution did not repeat the one before, and the thread whose
    /// turn it was there.
    pub fn divergence(&self) -> Option<(usize, ThreadId)> {
        self.path.get(self.depth).map(|choice| (self.depth, choice.thread))
    }

    /// Repeats the last order.
    pub fn repeat(&mut self) {
        (self.depth, self.cut) = (0, None);
    }

    /// Goes to the next order; `next` is what the threads were about to do when the last
    /// execution ended. Returns `false` if every order was tried.
    pub fn advance(&mut self, next: &[Option<Op>]) -> bool {
        if self.orders == Orders::Distinct {
            for (thread, op) in next.iter().enumerate() {
                op.map(|op| reduction::find_races(&mut self.path, thread, op));
            }
        }
        (self.depth, self.cut) = (0, None);
        while let Some(last) = self.path.last_mut() {
            last.done |= bit(last.thread);
            if let Some(thread) = members(last.backtrack & !last.done & !last.sleep).next() {
                last.thread = thread;
                return true;
            }
            self.path.pop();
        }
        false
    }

    /// Makes the first choice in a new state: if possible, the thread of the last step goes
    /// on. `None` if the execution is to end here.
    fn push_choice(&mut self, ready: &Ready) -> Option<()> {
        let sleep = match self.orders {
            Orders::Distinct => reduction::sleep_set(&self.path, &ready.next),
            _ => 0,
        };
        let last = self.path.last().map(|choice| choice.thread);
        let last = last.filter(|&last| ready.enabled & bit(last) != 0);
        let awake = ready.enabled & !sleep;
        let thread = last.filter(|&last| awake & bit(last) != 0).or(members(awake).next());
        let Some(thread) = thread else {
            self.cut = (ready.enabled != 0).then_some(Cut::Redundant);
            return None;
        };
        if self.depth == self.max_steps {
            self.cut = Some(Cut::TooLong);
            return None;
        }
        let backtrack = match (self.orders, last) {
            (Orders::Distinct, _) => bit(thread),
            (Orders::Preemptions(most), Some(last)) if self.preemptions() == most => bit(last),
            _ => ready.enabled,
        };
        self.path.push(Choice {
            thread,
            op: ready.next[thread]?,
            next: ready.next.clone(),
            enabled: ready.enabled,
            backtrack,
            done: 0,
            sleep,
            clock: Clock::default(),
        });
        Some(())
    }

    /// Sets the step of the last choice.
    fn set_op(&mut self, op: Op) {
        let (last, before) = self.path.split_last_mut().expect("a choice was made");
        last.op = op;
        if self.orders == Orders::Distinct {
            reduction::find_races(before, last.thread, op);
            last.clock = reduction::clock(before, last.thread, op);
        }
    }
}
