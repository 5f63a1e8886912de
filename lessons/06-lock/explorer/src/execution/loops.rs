//! Threads that wait in a loop: they look at something, let the others go first, and look again.
//!
//! What a thread does between two yields at the same place is a round. A round that changes
//! nothing, and that sees nothing else than the round before, comes to the same end again. So
//! after it the thread waits for a change of something that it has looked at, as if on a
//! condition variable, and no order is lost. Two things are assumed: that the thread does not
//! count its rounds, and that it changes the value of a lock by its guard's `DerefMut` only.
//!
//! If no other thread can go on, the thread looks again all the same: it may have counted.

use std::mem;
use std::panic::Location;

use crate::op::ObjectId;

/// What a thread did since it last let the others go first.
#[derive(Default)]
pub(super) struct Round {
    /// Where it let them.
    place: Option<&'static Location<'static>>,
    /// What it has looked at since then.
    pub seen: Vec<Look>,
    /// What it looked at in the round before, if that began here, too.
    before: Vec<Look>,
    pub has_changed_something: bool,
    /// No other thread can go on.
    pub may_look_again: bool,
}

/// A look at an object.
#[derive(PartialEq, Eq)]
pub(super) struct Look {
    pub object: ObjectId,
    pub what: What,
    /// How often it had been changed.
    pub count: u64,
}

/// What a thread has looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    Value,
    /// Who has the lock.
    Owner,
}

impl Round {
    /// Begins the next round.
    pub fn begin(&mut self, place: &'static Location<'static>) {
        let is_here = self.place == Some(place);
        let before = if is_here { mem::take(&mut self.seen) } else { Vec::new() };
        *self = Self { place: Some(place), before, ..Self::default() };
    }

    /// Whether the thread lets the others go first here again, has only looked since then, and
    /// has seen what it saw in the round before.
    pub fn is_repeated(&self, place: &Location) -> bool {
        self.place == Some(place)
            && !self.has_changed_something
            && !self.seen.is_empty()
            && self.seen == self.before
    }
}
