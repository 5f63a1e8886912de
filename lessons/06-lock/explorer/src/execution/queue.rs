//! The threads that wait on a condition variable. A notification wakes any one of them,
//! as std promises no more; the scheduler chooses which.

use std::collections::VecDeque;

use crate::op::ThreadId;

/// The threads that wait on a condition variable, and the notifications that no thread has
/// taken yet.
#[derive(Default)]
pub(crate) struct Queue {
    /// In the order in which they began to wait.
    waiting: VecDeque<ThreadId>,
    /// For each notification, how many of the first in `waiting` may take it: those that
    /// waited when it was sent. Ascending, as a thread that could take a notification can
    /// take the later ones, too.
    notified: Vec<usize>,
}

impl Queue {
    pub fn is_notified(&self, thread: ThreadId) -> bool {
        let index = self.waiting.iter().position(|&waiting| waiting == thread);
        index.is_some_and(|index| self.notified.iter().any(|&first| index < first))
    }

    /// A thread begins to wait.
    pub fn push(&mut self, thread: ThreadId) {
        self.waiting.push_back(thread);
    }

    /// A thread ends its wait. Returns whether it took a notification.
    pub fn remove(&mut self, thread: ThreadId) -> bool {
        let index = self.waiting.iter().position(|&waiting| waiting == thread);
        let index = index.expect("a thread that wakes has waited");
        self.waiting.remove(index);
        // The notification that the fewest other threads can take.
        let taken = self.notified.iter().position(|&first| index < first);
        taken.map(|taken| self.notified.remove(taken));
        for first in self.notified.iter_mut().filter(|first| index < **first) {
            *first -= 1;
        }
        taken.is_some()
    }

    /// Notifies one thread or all. Returns how many are notified: only those that wait
    /// without a notification.
    pub fn notify(&mut self, all: bool) -> usize {
        let free = self.waiting.len() - self.notified.len();
        let count = if all { free } else { free.min(1) };
        self.notified.extend(std::iter::repeat_n(self.waiting.len(), count));
        count
    }
}
