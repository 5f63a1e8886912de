//! How many threads are in a part of the program at the same time.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

/// Counts the threads in a part of the program.
#[derive(Debug, Default)]
pub struct Inside {
    now: AtomicUsize,
    most: AtomicUsize,
}

impl Inside {
    /// No thread is inside.
    pub const fn new() -> Inside {
        Inside { now: AtomicUsize::new(0), most: AtomicUsize::new(0) }
    }

    /// One more thread is inside, until the visit is dropped.
    pub fn enter(&self) -> Visit<'_> {
        let now = self.now.fetch_add(1, SeqCst) + 1;
        self.most.fetch_max(now, SeqCst);
        Visit(self)
    }

    /// The largest number that was inside at one time.
    pub fn most(&self) -> usize {
        self.most.load(SeqCst)
    }
}

/// A thread is inside while it has this.
#[derive(Debug)]
pub struct Visit<'a>(&'a Inside);

impl Drop for Visit<'_> {
    fn drop(&mut self) {
        self.0.now.fetch_sub(1, SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_are_counted_not_all() {
        let inside = Inside::new();
        drop(inside.enter());
        assert_eq!(inside.most(), 1);
        let both = [inside.enter(), inside.enter()];
        drop(both);
        drop(inside.enter());
        assert_eq!(inside.most(), 2);
    }
}
