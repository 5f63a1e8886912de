//! What a step does, and which steps may change places.

/// The number of a thread: 1, 2, … in the order in which they were made.
pub type ThreadId = usize;

/// The number of a variable, a lock or a condition variable.
pub(super) type Object = usize;

/// What a thread does in a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// Reads a variable.
    Load(Object),
    /// Writes a variable.
    Store(Object),
    /// Reads and writes a variable, as one.
    Update(Object),
    /// Takes a lock, as soon as it is free.
    Lock(Object),
    /// Gives a lock back.
    Unlock(Object),
    /// Gives a lock back and begins to wait on a condition variable.
    Wait {
        /// The condition variable.
        condition: Object,
        /// The lock.
        lock: Object,
    },
    /// Ends this wait, as soon as it is notified and the lock is free, and takes the lock.
    Wake {
        /// The condition variable.
        condition: Object,
        /// The lock.
        lock: Object,
    },
    /// Wakes one of those that wait on a condition variable, or all.
    Notify(Object),
    /// Makes a thread, which gets this number if it is made now.
    Spawn(ThreadId),
    /// Waits until a thread has ended.
    Join(ThreadId),
}

use Op::{Load, Lock, Notify, Spawn, Store, Unlock, Update, Wait, Wake};

impl Op {
    /// The variable, the lock, the condition variable: what it reads or writes.
    fn objects(self) -> [Option<Object>; 2] {
        match self {
            Load(object) | Store(object) | Update(object) => [Some(object), None],
            Lock(object) | Unlock(object) | Notify(object) => [Some(object), None],
            Wait { condition, lock } | Wake { condition, lock } => [Some(condition), Some(lock)],
            Spawn(_) | Op::Join(_) => [None, None],
        }
    }

    /// The lock that it can only take while it is free.
    pub(super) fn takes(self) -> Option<Object> {
        match self {
            Lock(lock) | Wake { lock, .. } => Some(lock),
            _ => None,
        }
    }

    fn gives_back(self) -> Option<Object> {
        match self {
            Unlock(lock) | Wait { lock, .. } => Some(lock),
            _ => None,
        }
    }
}

/// Whether the order of two steps of different threads can make a difference: they touch
/// the same thing, and not both only read it.
pub(super) fn dependent(a: Op, b: Op) -> bool {
    match (a, b) {
        (Load(_), Load(_)) => false,
        // The first gets the lower number.
        (Spawn(_), Spawn(_)) => true,
        _ => a.objects().into_iter().flatten().any(|object| b.objects().contains(&Some(object))),
    }
}

/// Whether two dependent steps of different threads can both be possible at one time.
/// They cannot, if one has the lock that the other takes.
pub(super) fn may_meet(a: Op, b: Op) -> bool {
    // Of a wait and a wake the condition variable is the same, too.
    let meet_elsewhere = matches!((a, b), (Wait { .. }, Wake { .. }) | (Wake { .. }, Wait { .. }));
    let both = |lock: Option<Object>, other| lock.is_some() && lock == other;
    meet_elsewhere
        || !(both(a.takes(), b.gives_back())
            || both(a.gives_back(), b.takes())
            || both(a.gives_back(), b.gives_back()))
}
