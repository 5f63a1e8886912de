//! What the explorer has to know of an object to tell which steps are possible. The values
//! themselves are with the program.

use super::queue::Queue;
use crate::op::ThreadId;

/// An object of the program.
pub(crate) enum Object {
    /// It can always be read and written.
    Variable,
    Lock(Lock),
    Condvar(Queue),
    Channel(Channel),
    Barrier {
        /// How many threads have come to it.
        arrivals: usize,
    },
    Once {
        /// The thread that runs its function.
        owner: Option<ThreadId>,
        done: bool,
    },
    /// Whether a thread is to return from its next park at once.
    Token(bool),
}

/// Who has a lock: a writer, or readers.
#[derive(Default)]
pub(crate) struct Lock {
    pub owner: Option<ThreadId>,
    pub readers: Vec<ThreadId>,
}

impl Lock {
    pub fn is_free(&self) -> bool {
        self.owner.is_none() && self.readers.is_empty()
    }

    /// One of the threads that have it.
    pub fn holder(&self) -> Option<ThreadId> {
        self.owner.or(self.readers.first().copied())
    }
}

/// The ends of a channel, and how many items went through it.
pub(crate) struct Channel {
    pub sent: usize,
    pub taken: usize,
    /// How many items it holds, if that has a limit. With 0 an item is handed over.
    pub room: Option<usize>,
    pub senders: usize,
    pub has_receiver: bool,
    /// The receiver waits for an item that is handed over.
    pub is_awaited: bool,
}

impl Channel {
    pub fn new(room: Option<usize>) -> Self {
        let (senders, has_receiver, is_awaited) = (1, true, false);
        Self { sent: 0, taken: 0, room, senders, has_receiver, is_awaited }
    }

    pub fn items(&self) -> usize {
        self.sent - self.taken
    }

    /// Whether an item can be put into it: what is to be handed over always can.
    pub fn has_room(&self) -> bool {
        self.room.is_none_or(|room| room == 0 || self.items() < room)
    }
}

impl Object {
    pub fn lock() -> Self {
        Object::Lock(Lock::default())
    }

    pub fn condvar() -> Self {
        Object::Condvar(Queue::default())
    }
}
