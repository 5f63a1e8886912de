//! What a step does, and which steps depend on each other.

/// The number of a thread: 1, 2, … in the order in which they were created.
pub type ThreadId = usize;

/// The number of a variable, a lock or a condition variable.
pub(crate) type ObjectId = usize;

/// What a thread does in a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Op {
    /// Reads a variable.
    Read(ObjectId),
    /// Writes a variable, and perhaps reads it in the same step.
    Write(ObjectId),
    /// Acquires a lock; possible while the lock is free.
    Lock(ObjectId),
    /// Releases a lock.
    Unlock(ObjectId),
    /// Releases a lock and begins to wait on a condition variable.
    Wait { condvar: ObjectId, lock: ObjectId },
    /// Ends this wait and acquires the lock again; possible after a notification, while
    /// the lock is free.
    Wake { condvar: ObjectId, lock: ObjectId },
    /// Wakes one of the threads that wait on a condition variable, or all of them.
    Notify(ObjectId),
    /// Starts a thread, which gets this number if it is started now.
    Spawn(ThreadId),
    /// Waits until a thread has ended.
    Join(ThreadId),
}

use Op::{Join, Lock, Notify, Read, Spawn, Unlock, Wait, Wake, Write};

impl Op {
    /// The variable, lock or condition variables that the step reads or writes.
    fn objects(self) -> [Option<ObjectId>; 2] {
        match self {
            Read(object) | Write(object) | Lock(object) | Unlock(object) | Notify(object) => {
                [Some(object), None]
            }
            Wait { condvar, lock } | Wake { condvar, lock } => [Some(condvar), Some(lock)],
            Spawn(_) | Join(_) => [None, None],
        }
    }

    pub fn acquires(self) -> Option<ObjectId> {
        match self {
            Lock(lock) | Wake { lock, .. } => Some(lock),
            _ => None,
        }
    }

    fn releases(self) -> Option<ObjectId> {
        match self {
            Unlock(lock) | Wait { lock, .. } => Some(lock),
            _ => None,
        }
    }
}

/// Whether the order of two steps of different threads can make a difference: they touch
/// the same object, and at least one of them changes it.
pub(crate) fn dependent(a: Op, b: Op) -> bool {
    match (a, b) {
        (Read(_), Read(_)) => false,
        // The first thread to be started gets the lower number.
        (Spawn(_), Spawn(_)) => true,
        _ => a.objects().into_iter().flatten().any(|object| b.objects().contains(&Some(object))),
    }
}

/// Whether two dependent steps of different threads can both be possible at the same
/// time. They cannot if one thread holds the lock that the other acquires.
pub(crate) fn may_be_coenabled(a: Op, b: Op) -> bool {
    // A wait and a wake share the condition variable as well.
    if matches!((a, b), (Wait { .. }, Wake { .. }) | (Wake { .. }, Wait { .. })) {
        return true;
    }
    let same = |a: Option<ObjectId>, b| a.is_some() && a == b;
    !(same(a.acquires(), b.releases())
        || same(a.releases(), b.acquires())
        || same(a.releases(), b.releases()))
}
