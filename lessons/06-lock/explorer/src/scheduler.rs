//! A scheduler chooses which thread takes the next step.

use crate::op::{Op, ThreadId};

/// What a choice is made from.
pub(crate) struct Ready {
    /// The next step of each thread, by its number, if it has one.
    pub next: Vec<Option<Op>>,
    /// The threads whose next step is possible now.
    pub enabled: ThreadSet,
}

/// Chooses which thread takes the next step.
pub(crate) trait Scheduler: Send {
    /// An enabled thread; `None` ends the execution. Called even when no thread is enabled.
    fn choose(&mut self, ready: &Ready) -> Option<ThreadId>;
}

/// A set of threads: a bit for each.
pub(crate) type ThreadSet = u64;

/// The highest number that a thread may have.
pub(crate) const MAX_THREADS: usize = ThreadSet::BITS as usize - 1;

/// The threads of a set, in ascending order.
pub(crate) fn members(set: ThreadSet) -> impl Iterator<Item = ThreadId> {
    (0..=MAX_THREADS).filter(move |&thread| set & bit(thread) != 0)
}

/// The set of this thread only.
pub(crate) fn bit(thread: ThreadId) -> ThreadSet {
    1 << thread
}
