//! The reduction of the search: which orders need not be tried.

use super::clock::Clock;
use super::op::{Op, ThreadId, dependent, may_meet};
use super::search::{Choice, Search, Threads, bit, members};

impl Search {
    /// Finds the steps that were taken before a dependent one that is now to come, and
    /// could as well come after it: there the other order is to be tried.
    pub(super) fn find_races(&mut self, next: &[Option<Op>]) {
        for (thread, op) in next.iter().enumerate() {
            let Some(op) = *op else { continue };
            let clock = clock_of(thread, &self.path);
            let race = self.path.iter().enumerate().rposition(|(place, choice)| {
                choice.thread != thread
                    && dependent(choice.op, op)
                    && may_meet(choice.op, op)
                    && !clock.contains(choice.thread, place)
            });
            let Some(place) = race else { continue };
            // Who must run there so that this thread comes to its step first.
            let after = self.path[place + 1..].iter().enumerate();
            let leads = after
                .filter(|(later, choice)| clock.contains(choice.thread, place + 1 + later))
                .fold(bit(thread), |leads, (_, choice)| leads | bit(choice.thread));
            let choice = &mut self.path[place];
            let candidates = leads & choice.enabled;
            if candidates == 0 {
                choice.to_do |= choice.enabled;
            } else if candidates & choice.to_do == 0 {
                let itself = Some(thread).filter(|&thread| candidates & bit(thread) != 0);
                choice.to_do |= itself.or_else(|| members(candidates).next()).map_or(0, bit);
            }
        }
    }

    /// The threads whose next step was tried before the last choice, or before that, and
    /// is independent of every step since.
    pub(super) fn asleep(&self, next: &[Option<Op>]) -> Threads {
        let Some(last) = self.path.last() else { return 0 };
        let asleep = members(last.asleep | last.done);
        asleep
            .filter(|&thread| next[thread].is_some_and(|op| !dependent(op, last.op)))
            .fold(0, |asleep, thread| asleep | bit(thread))
    }

    /// What happens before the last choice, whose step is this one, and itself.
    pub(super) fn clock_of_last(&self, op: Op) -> Clock {
        let (last, before) = self.path.split_last().expect("a choice was made");
        let mut clock = clock_of(last.thread, before);
        for choice in before.iter().filter(|choice| dependent(choice.op, op)) {
            clock.join(&choice.clock);
        }
        if let Op::Join(ended) = op {
            clock.join(&clock_of(ended, before));
        }
        clock.add(last.thread, before.len());
        clock
    }
}

/// What happens before the next step of a thread because the thread did it itself, or
/// whoever made it.
fn clock_of(thread: ThreadId, path: &[Choice]) -> Clock {
    let mut back = path.iter().rev();
    let last = back.find(|choice| choice.thread == thread || choice.op == Op::Spawn(thread));
    last.map(|choice| choice.clock.clone()).unwrap_or_default()
}
