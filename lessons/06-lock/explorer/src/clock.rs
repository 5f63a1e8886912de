//! A vector clock: which steps of an execution happen before a step, in every order that
//! differs only in independent steps.

use super::op::ThreadId;

/// For each thread, the place behind its last step that happens before; steps are counted
/// over all threads. What happens before a step of a thread happens before its later ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Clock(Vec<usize>);

impl Clock {
    /// Whether the step of this thread at this place happens before.
    pub fn contains(&self, thread: ThreadId, place: usize) -> bool {
        self.0.get(thread).is_some_and(|&behind| place < behind)
    }

    pub fn add(&mut self, thread: ThreadId, place: usize) {
        if self.0.len() <= thread {
            self.0.resize(thread + 1, 0);
        }
        self.0[thread] = place + 1;
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
