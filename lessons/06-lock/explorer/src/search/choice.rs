//! A node of the search.

use super::clock::Clock;
use crate::op::{Op, ThreadId};
use crate::scheduler::ThreadSet;

/// A choice that was made, and the alternatives that are left to try.
pub(super) struct Choice {
    /// The thread that was chosen.
    pub thread: ThreadId,
    /// The step that it takes.
    pub op: Op,
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
