//! What can go wrong in an execution.

use std::fmt;
use std::panic::Location;

use crate::op::ThreadId;

/// What went wrong in an execution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Threads are left, and all of them wait.
    Deadlock(Vec<Blocked>),
    /// A thread panicked.
    Panic {
        /// Its name.
        thread: &'static str,
        /// The message of the panic.
        message: String,
    },
    /// Every thread has ended, and the result is wrong.
    Wrong(String),
}

/// A thread that cannot go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blocked {
    /// Its number.
    pub id: ThreadId,
    /// Its name.
    pub name: &'static str,
    /// What it waits for.
    pub awaits: Awaited,
    /// Where in the source it waits.
    pub at: &'static Location<'static>,
}

/// What a thread that cannot go on waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Awaited {
    /// A lock.
    Lock {
        /// Its name.
        lock: &'static str,
        /// The name of the thread that holds it.
        owner: &'static str,
    },
    /// A notification of this condition variable.
    Notification(&'static str),
    /// The end of this thread.
    End(&'static str),
}

impl Awaited {
    /// The name of the lock, the condition variable, or the thread.
    pub fn name(&self) -> &'static str {
        match self {
            Awaited::Lock { lock: name, .. } | Awaited::Notification(name) | Awaited::End(name) => {
                name
            }
        }
    }
}

impl fmt::Display for Awaited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Awaited::Lock { lock, owner } => write!(f, "the lock {lock}, which {owner} has"),
            Awaited::Notification(condvar) => write!(f, "a notification of {condvar}"),
            Awaited::End(thread) => write!(f, "the end of {thread}"),
        }
    }
}

impl fmt::Display for Blocked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} waits for {}", self.name, self.awaits)
    }
}

impl Fault {
    /// Whether a thread waits for a notification that no thread is left to send: it was
    /// sent before the wait began, or woke another thread.
    pub fn is_lost_wake_up(&self) -> bool {
        let for_notification =
            |blocked: &Blocked| matches!(blocked.awaits, Awaited::Notification(_));
        matches!(self, Fault::Deadlock(all) if all.iter().any(for_notification))
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Deadlock(blocked) => {
                let kind = if self.is_lost_wake_up() { "lost wake-up" } else { "deadlock" };
                let all: Vec<_> = blocked.iter().map(Blocked::to_string).collect();
                write!(f, "{kind}: {}", all.join("; "))
            }
            Fault::Panic { thread, message } => write!(f, "{thread} panics: {message}"),
            Fault::Wrong(what) => f.write_str(what),
        }
    }
}
