//! The reduction of the search: which orders need not be tried.

use super::clock::Clock;
use super::op::{Op, ThreadId, dependent, may_meet};
use super::search::{Choice, Search, Threads, bit, members};

impl Search {
    /// Finds the steps before this place that are dependent on one that this thread takes
    /// there, or would if it could, and that could as well come after it: there the other
    /// order is to be tried.
    pub(super) fn find_races(&mut self, place: usize, thread: ThreadId, op: Op) {
        let path = &mut self.path[..place];
        let clock = clock_of(thread, path);
        for place in (0..path.len()).rev() {
            let choice = &path[place];
            if dependent(choice.op, op)
                && may_meet(choice.op, op)
                && !clock.contains(choice.thread, place)
            {
                let first = first_without(path, place, thread, op) & choice.enabled;
                let choice = &mut path[place];
                if first == 0 {
                    choice.to_do |= choice.enabled;
                } else if first & (choice.to_do | choice.asleep) == 0 {
                    choice.to_do |= members(first).next().map_or(0, bit);
                }
            }
        }
    }

    /// The same for the steps that the threads have not come to take when an execution ends.
    pub(super) fn find_all_races(&mut self, next: &[Option<Op>]) {
        for (thread, op) in next.iter().enumerate() {
            op.map(|op| self.find_races(self.path.len(), thread, op));
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

/// Of the steps after a place, and this one, those are left that the step at this place does
/// not happen before. Returns the threads that can take the first of them. That one of
/// these is tried there is enough.
fn first_without(path: &[Choice], place: usize, thread: ThreadId, op: Op) -> Threads {
    let left_out = &path[place];
    let steps = path.iter().enumerate().skip(place + 1);
    let steps = steps.filter(|(_, step)| !step.clock.contains(left_out.thread, place));
    let clock = clock_of(thread, path);
    let (mut first, mut is_first) = (0, true);
    // Each thread, with the place of its first step.
    let mut threads: Vec<(ThreadId, usize)> = Vec::new();
    let depends = |threads: &[(ThreadId, usize)], clock: &Clock| {
        threads.iter().any(|&(thread, place)| clock.contains(thread, place))
    };
    for (place, step) in steps {
        is_first &= !dependent(step.op, op);
        if !depends(&threads, &step.clock) {
            first |= bit(step.thread);
            threads.push((step.thread, place));
        }
    }
    if is_first && !depends(&threads, &clock) {
        first |= bit(thread);
    }
    first
}

/// What happens before the next step of a thread because the thread did it itself, or
/// whoever made it.
fn clock_of(thread: ThreadId, path: &[Choice]) -> Clock {
    let mut back = path.iter().rev();
    let last = back.find(|choice| choice.thread == thread || choice.op == Op::Spawn(thread));
    last.map(|choice| choice.clock.clone()).unwrap_or_default()
}
