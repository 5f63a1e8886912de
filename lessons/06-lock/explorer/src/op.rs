//! What a step does, and which steps depend on each other.

/// The number of a thread: 1, 2, … in the order in which they were created.
pub type ThreadId = usize;

/// The number of a variable, a lock or a condition variable.
pub(crate) type ObjectId = usize;

/// What a thread does in a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Op {
    /// Reads an object.
    Read(ObjectId),
    /// Writes an object, and perhaps reads it in the same step.
    Write(ObjectId),
    /// Acquires a lock; possible while the lock is free.
    Lock(ObjectId),
    /// Releases a lock.
    Unlock(ObjectId),
    /// Acquires a lock as one of its readers; possible while no writer has it.
    Share(ObjectId),
    /// Releases it again.
    Unshare(ObjectId),
    /// Releases a lock and begins to wait on a condition variable.
    Wait { condvar: ObjectId, lock: ObjectId },
    /// Ends this wait and acquires the lock again; possible after a notification, while
    /// the lock is free.
    Wake { condvar: ObjectId, lock: ObjectId },
    /// Wakes one of the threads that wait on a condition variable, or all of them.
    Notify(ObjectId),
    /// Takes something that another thread gives: an item of a channel, the token of an unpark,
    /// a notification, a value that is made once. Possible when it is there, or when it cannot come
    /// any more.
    Take(ObjectId),
    /// Puts an item into a channel; possible while there is room.
    Put(ObjectId),
    /// Ends a send without a buffer: the item of this number is taken, or will never be.
    HandOver { channel: ObjectId, item: usize },
    /// One of the senders of a channel is dropped.
    Leave(ObjectId),
    /// Waits until this number of threads have come to a barrier: once possible, always possible.
    Gather { barrier: ObjectId, arrivals: usize },
    /// Lets the others go first. Possible when a thread has changed what this one looks at in
    /// its loop.
    Yield,
    /// Waits until no other thread can go on.
    Settle,
    /// Starts a thread, which gets this number if it is started now.
    Spawn(ThreadId),
    /// Waits until a thread has ended.
    Join(ThreadId),
}

use Op::{
    Gather, HandOver, Join, Leave, Lock, Notify, Put, Read, Settle, Share, Spawn, Take, Unlock,
    Unshare, Wait, Wake, Write, Yield,
};

impl Op {
    /// The objects that the step reads or writes.
    pub fn objects(self) -> [Option<ObjectId>; 2] {
        match self {
            Read(object)
            | Write(object)
            | Lock(object)
            | Unlock(object)
            | Share(object)
            | Unshare(object)
            | Notify(object)
            | Take(object)
            | Put(object)
            | Leave(object)
            | HandOver { channel: object, .. } => [Some(object), None],
            Wait { condvar, lock } | Wake { condvar, lock } => [Some(condvar), Some(lock)],
            // What a thread waits for here does not go away again.
            Gather { .. } | Yield | Settle | Spawn(_) | Join(_) => [None, None],
        }
    }

    /// The lock that the step acquires, as its only owner.
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

    /// The lock that a reader acquires or releases.
    fn shares(self) -> Option<ObjectId> {
        match self {
            Share(lock) | Unshare(lock) => Some(lock),
            _ => None,
        }
    }
}

/// Whether the order of two steps of different threads can make a difference: they touch
/// the same object, and at least one of them changes it.
pub(crate) fn dependent(a: Op, b: Op) -> bool {
    match (a, b) {
        // It is possible only after the last steps of all others.
        (Settle, _) | (_, Settle) => true,
        // Each of these only counts up or down.
        (Read(_), Read(_))
        | (Share(_) | Unshare(_), Share(_) | Unshare(_))
        | (Leave(_), Leave(_) | Put(_))
        | (Put(_), Leave(_)) => false,
        // The first thread to be started gets the lower number.
        (Spawn(_), Spawn(_)) => true,
        _ => a.objects().into_iter().flatten().any(|object| b.objects().contains(&Some(object))),
    }
}

/// Whether two dependent steps of different threads can both be possible at the same
/// time. They cannot if one thread holds the lock that the other acquires or releases.
pub(crate) fn may_be_coenabled(a: Op, b: Op) -> bool {
    if a == Settle || b == Settle {
        // The wake may be a spurious one.
        return matches!(a, Wake { .. }) || matches!(b, Wake { .. });
    }
    // A wait and a wake share the condition variable as well.
    if matches!((a, b), (Wait { .. }, Wake { .. }) | (Wake { .. }, Wait { .. })) {
        return true;
    }
    let same = |a: Option<ObjectId>, b| a.is_some() && a == b;
    let is_reader_out = |op| matches!(op, Unshare(_));
    !(same(a.acquires(), b.releases())
        || same(a.releases(), b.acquires())
        || same(a.releases(), b.releases())
        || same(a.releases(), b.shares())
        || same(a.shares(), b.releases())
        || is_reader_out(a) && same(a.shares(), b.acquires())
        || is_reader_out(b) && same(b.shares(), a.acquires()))
}
