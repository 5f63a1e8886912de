//! Who waits on a condition variable, and whom a notification wakes: any one of those that
//! wait, as std promises no more. Which one is chosen like any other order.

use std::collections::VecDeque;

use super::op::ThreadId;

/// Who waits on a condition variable, and the notifications that nobody has taken yet.
#[derive(Default)]
pub(super) struct Queue {
    /// In the order in which they began to wait.
    waiting: VecDeque<ThreadId>,
    /// Each is for one of the first so many that wait. Ascending: whoever waited for one
    /// waits for those after it, too.
    notified: Vec<usize>,
}

impl Queue {
    pub fn is_notified(&self, thread: ThreadId) -> bool {
        let place = self.waiting.iter().position(|&waiting| waiting == thread);
        place.is_some_and(|place| self.notified.iter().any(|&first| place < first))
    }

    pub fn begin(&mut self, thread: ThreadId) {
        self.waiting.push_back(thread);
    }

    /// Ends a wait; returns whether with a notification.
    pub fn end(&mut self, thread: ThreadId) -> bool {
        let place = self.waiting.iter().position(|&waiting| waiting == thread);
        let place = place.expect("who wakes has waited");
        self.waiting.remove(place);
        // The one that fewest others can take.
        let taken = self.notified.iter().position(|&first| place < first);
        taken.map(|taken| self.notified.remove(taken));
        for first in self.notified.iter_mut().filter(|first| place < **first) {
            *first -= 1;
        }
        taken.is_some()
    }

    /// Notifies one or all; returns how many, which is less if fewer wait.
    pub fn notify(&mut self, all: bool) -> usize {
        let free = self.waiting.len() - self.notified.len();
        let count = if all { free } else { free.min(1) };
        self.notified.extend(std::iter::repeat_n(self.waiting.len(), count));
        count
    }
}
