//! Which thread takes the next step, so that in the end every order has been tried: a
//! depth-first search over the choices, which starts the program anew for each order.
//!
//! With reduction, orders that differ only in independent steps count as one, and one of
//! them is tried: dynamic partial-order reduction (Flanagan and Godefroid, POPL 2005)
//! with sleep sets (Godefroid, LNCS 1032) and source sets (Abdulla and others, POPL 2014).

use super::clock::Clock;
use super::op::{Op, ThreadId};
use super::schedule::Schedule;

/// What a choice can be made by.
pub(super) struct Ready<'a> {
    /// The next step of each thread, by its number, if it has one.
    pub next: &'a [Option<Op>],
    /// Those that can take theirs now.
    pub enabled: Threads,
}

/// A set of threads: a bit for each.
pub(super) type Threads = u64;

/// The highest number that a thread may have.
pub(super) const MOST_THREADS: usize = Threads::BITS as usize - 1;

/// The threads of a set, in ascending order.
pub(super) fn members(threads: Threads) -> impl Iterator<Item = ThreadId> {
    (0..=MOST_THREADS).filter(move |&thread| threads & bit(thread) != 0)
}

pub(super) fn bit(thread: ThreadId) -> Threads {
    1 << thread
}

/// Which orders are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Orders {
    /// Every one.
    All,
    /// Every one in which a thread is interrupted at most so often: another takes a step
    /// although this one could take its next (Musuvathi and Qadeer, PLDI 2007).
    Preemptions(usize),
    /// One of those that differ only in the order of independent steps. Some order goes
    /// wrong if and only if one of these does; each fault is found if no thread panics,
    /// which ends an execution before its time.
    Distinct,
}

/// A search through the orders of a program.
pub(super) struct Search {
    orders: Orders,
    /// The most steps in an execution.
    steps: usize,
    pub(super) path: Vec<Choice>,
    depth: usize,
    /// Why the execution was ended early, if it was.
    pub cut: Option<Cut>,
}

/// Why an execution was ended early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cut {
    /// Its order is like one that was tried.
    Redundant,
    /// It has too many steps.
    TooLong,
}

/// A choice that was made on the way, and those that are left to try.
pub(super) struct Choice {
    pub thread: ThreadId,
    pub op: Op,
    pub enabled: Threads,
    pub to_do: Threads,
    pub done: Threads,
    /// Whose step was tried before here, and nothing since has made a difference to it.
    pub asleep: Threads,
    /// How many preemptions there are up to here, this step among them.
    preemptions: usize,
    /// What happens before it.
    pub clock: Clock,
}

const NEXT: &str = "whoever is enabled has a next step";

impl Search {
    pub fn new(orders: Orders, steps: usize) -> Self {
        Self { orders, steps, path: Vec::new(), depth: 0, cut: None }
    }

    /// The choices of the execution that is over, and how many preemptions they have.
    pub fn taken(&self) -> (Schedule, usize) {
        (Schedule(self.path.iter().map(|choice| choice.thread).collect()), self.preemptions())
    }

    /// Whether each choice up to now is as in the execution before.
    pub fn is_on_known_path(&self) -> bool {
        self.depth < self.path.len()
    }

    /// Goes to the next order; `false` if every one was tried.
    pub fn advance(&mut self) -> bool {
        (self.depth, self.cut) = (0, None);
        while let Some(last) = self.path.last_mut() {
            last.done |= bit(last.thread);
            if let Some(thread) = members(last.to_do & !last.done & !last.asleep).next() {
                last.thread = thread;
                return true;
            }
            self.path.pop();
        }
        false
    }

    /// Comes to a state for the first time, and makes its first choice.
    fn explore(&mut self, ready: &Ready) -> Option<ThreadId> {
        let asleep = match self.orders {
            Orders::Distinct => self.asleep(ready.next),
            _ => 0,
        };
        let last = self.path.last().map(|choice| choice.thread);
        let goes_on = last.filter(|&last| ready.enabled & bit(last) != 0);
        let awake = ready.enabled & !asleep;
        let first =
            goes_on.filter(|&last| awake & bit(last) != 0).or_else(|| members(awake).next());
        let Some(thread) = first else {
            self.cut = (ready.enabled != 0).then_some(Cut::Redundant);
            return None;
        };
        if self.depth == self.steps {
            self.cut = Some(Cut::TooLong);
            return None;
        }
        let to_do = match (self.orders, goes_on) {
            (Orders::Distinct, _) => bit(thread),
            (Orders::Preemptions(most), Some(last)) if self.preemptions() == most => bit(last),
            _ => ready.enabled,
        };
        self.path.push(Choice {
            thread,
            op: ready.next[thread].expect(NEXT),
            enabled: ready.enabled,
            to_do,
            done: 0,
            asleep,
            preemptions: 0,
            clock: Clock::default(),
        });
        Some(thread)
    }

    fn preemptions(&self) -> usize {
        self.path.last().map_or(0, |choice| choice.preemptions)
    }

    /// Notes the step that is taken by the last choice.
    fn note(&mut self, op: Op) {
        let clock = match self.orders {
            Orders::Distinct => {
                let last = self.path.len() - 1;
                self.find_races(last, self.path[last].thread, op);
                self.clock_of_last(op)
            }
            _ => Clock::default(),
        };
        let (last, before) = self.path.split_last_mut().expect("a choice was made");
        let interrupted = before.last().is_some_and(|before| {
            before.thread != last.thread && last.enabled & bit(before.thread) != 0
        });
        last.preemptions = before.last().map_or(0, |before| before.preemptions);
        last.preemptions += usize::from(interrupted);
        (last.op, last.clock) = (op, clock);
    }

    /// Sees how the threads stand at the end of an execution, whatever has ended it.
    pub fn end(&mut self, next: &[Option<Op>]) {
        if self.orders == Orders::Distinct {
            self.find_all_races(next);
        }
    }

    /// Who takes the next step. `None` ends the execution. It is asked in the last state,
    /// too, in which nobody can.
    pub fn choose(&mut self, ready: &Ready) -> Option<ThreadId> {
        let thread = match self.path.get(self.depth) {
            Some(choice) => choice.thread,
            None => self.explore(ready)?,
        };
        self.depth += 1;
        if self.depth == self.path.len() {
            self.note(ready.next[thread].expect(NEXT));
        }
        Some(thread)
    }
}
