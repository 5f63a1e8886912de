//! Dynamic partial-order reduction: which alternatives of a path have to be tried.

use super::clock::Clock;
use crate::op::{Op, ThreadId, dependent, may_be_coenabled};
use crate::scheduler::{ThreadSet, bit, members};

/// A choice that was made, and the alternatives that are left to try.
#[derive(Clone)]
pub(super) struct Choice {
    /// The thread that was chosen.
    pub thread: ThreadId,
    /// The step that it takes.
    pub op: Op,
    /// The next step of each thread, by its number.
    pub next: Vec<Option<Op>>,
    /// The threads that could be chosen.
    pub enabled: ThreadSet,
    /// The threads that are to be tried here.
    pub backtrack: ThreadSet,
    /// The threads that were tried here.
    pub done: ThreadSet,
    /// The threads whose step was tried earlier, and has been independent of every step
    /// since then.
    pub sleep: ThreadSet,
    /// The steps that happen before this one, and this one.
    pub clock: Clock,
}

/// Finds the steps of a path that race with the step that a thread takes next, or would
/// take if it could: they are dependent and could also happen in the other order. Marks
/// that order to be tried.
pub(super) fn find_races(path: &mut [Choice], thread: ThreadId, op: Op) {
    let clock = program_order(path, thread);
    for position in (0..path.len()).rev() {
        let choice = &path[position];
        if dependent(choice.op, op)
            && may_be_coenabled(choice.op, op)
            && !clock.contains(choice.thread, position)
        {
            let initials = initials(path, position, thread, op) & choice.enabled;
            let choice = &mut path[position];
            if initials == 0 {
                choice.backtrack |= choice.enabled;
            } else if initials & (choice.backtrack | choice.sleep) == 0 {
                choice.backtrack |= members(initials).next().map_or(0, bit);
            }
        }
    }
}

/// The sleep set after a path: the threads whose next step was tried before the last
/// choice, or in an earlier state, and is independent of every step since then.
pub(super) fn sleep_set(path: &[Choice], next: &[Option<Op>]) -> ThreadSet {
    let Some(last) = path.last() else { return 0 };
    members(last.sleep | last.done)
        .filter(|&thread| next[thread].is_some_and(|op| !dependent(op, last.op)))
        .fold(0, |sleep, thread| sleep | bit(thread))
}

/// The clock of a step that a thread takes after a path.
pub(super) fn clock(path: &[Choice], thread: ThreadId, op: Op) -> Clock {
    let mut clock = program_order(path, thread);
    for choice in path.iter().filter(|choice| dependent(choice.op, op)) {
        clock.join(&choice.clock);
    }
    match op {
        Op::Join(ended) => clock.join(&program_order(path, ended)),
        Op::Gather { barrier, arrivals } => {
            let mut arrived = path.iter().filter(|choice| choice.op == Op::Write(barrier));
            let last = arrived.nth(arrivals - 1).expect("they have come");
            clock.join(&last.clock);
        }
        _ => {}
    }
    clock.add(thread, path.len());
    clock
}

/// The threads that can begin a path on which the step at `position` comes after this step
/// of `thread`. Of the steps after the position, and this one, those take part that the
/// step at the position does not happen before. To try one of these threads is enough.
fn initials(path: &[Choice], position: usize, thread: ThreadId, op: Op) -> ThreadSet {
    let postponed = &path[position];
    let mut initials = 0;
    let mut is_independent = true;
    // Each thread that takes part, with the position of its first step.
    let mut first_steps: Vec<(ThreadId, usize)> = Vec::new();
    let depends = |first_steps: &[(ThreadId, usize)], clock: &Clock| {
        first_steps.iter().any(|&(thread, position)| clock.contains(thread, position))
    };
    for (later, step) in path.iter().enumerate().skip(position + 1) {
        if step.clock.contains(postponed.thread, position) {
            continue;
        }
        is_independent &= !dependent(step.op, op);
        if !depends(&first_steps, &step.clock) {
            initials |= bit(step.thread);
            first_steps.push((step.thread, later));
        }
    }
    if is_independent && !depends(&first_steps, &program_order(path, thread)) {
        initials |= bit(thread);
    }
    initials
}

/// The steps that happen before the next step of a thread because the same thread took
/// them, or the thread that started it.
fn program_order(path: &[Choice], thread: ThreadId) -> Clock {
    let mut back = path.iter().rev();
    let last = back.find(|choice| choice.thread == thread || choice.op == Op::Spawn(thread));
    last.map(|choice| choice.clock.clone()).unwrap_or_default()
}
