//! A vector clock: which steps of an execution happen before a step, in every order that
//! differs only in independent steps.

use crate::op::ThreadId;

/// For each thread, one more than the position of its last step that happens before. A
/// thread's earlier steps happen before its later ones, so the last one is enough.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Clock(Vec<usize>);

impl Clock {
    /// Whether the step of this thread at this position happens before.
    pub fn contains(&self, thread: ThreadId, position: usize) -> bool {
        self.0.get(thread).is_some_and(|&end| position < end)
    }

    /// Adds a step.
    pub fn add(&mut self, thread: ThreadId, position: usize) {
        if self.0.len() <= thread {
            self.0.resize(thread + 1, 0);
        }
        self.0[thread] = position + 1;
    }

    /// Adds what happens before another step.
    pub fn join(&mut self, other: &Clock) {
        if self.0.len() < other.0.len() {
            self.0.resize(other.0.len(), 0);
        }
        for (mine, theirs) in self.0.iter_mut().zip(&other.0) {
            *mine = (*mine).max(*theirs);
        }
    }
}
