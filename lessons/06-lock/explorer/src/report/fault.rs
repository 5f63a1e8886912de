//! What can go wrong in an execution.

use std::fmt;
use std::panic::Location;

use crate::names;
use crate::op::ThreadId;

/// What went wrong in an execution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Threads are left, and all of them wait.
    Deadlock(Vec<Blocked>),
    /// Threads are left that look again and again in a loop, and all others wait. Nothing
    /// changes any more.
    Livelock(Vec<Blocked>),
    /// A thread panicked.
    Panic {
        /// Its name.
        thread: &'static str,
        /// The message of the panic.
        message: String,
    },
    /// A thread panicked where a panic aborts the process: in a `Drop` while another panic unwinds
    /// it, for example.
    Abort {
        /// Its name.
        thread: &'static str,
        /// The message of the panic.
        message: String,
        /// What std says of it, or where it was.
        why: String,
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
    /// A lock, or the thread that makes a value once.
    Lock {
        /// Its name.
        lock: &'static str,
        /// The name of the thread that holds it.
        owner: &'static str,
        /// Whether that is the thread that waits.
        is_own: bool,
    },
    /// A notification of this condition variable.
    Notification(&'static str),
    /// The end of this thread.
    End(&'static str),
    /// An item of this channel, or a notification of this condition variable, for a while.
    Item(&'static str),
    /// A value that is made once.
    Value(&'static str),
    /// Room in this channel.
    Room(&'static str),
    /// A thread that receives from this channel.
    Receiver(&'static str),
    /// The other threads, at this barrier.
    Others(&'static str),
    /// An unpark.
    Unpark,
    /// A change of something that it looks at in a loop.
    Change,
}

impl Awaited {
    /// Calls the first of several objects of the same name by a number, as the others are.
    pub(crate) fn number_first(&mut self, name: &str) {
        if let Awaited::Lock { lock: object, .. }
        | Awaited::Notification(object)
        | Awaited::Item(object)
        | Awaited::Value(object)
        | Awaited::Room(object)
        | Awaited::Receiver(object)
        | Awaited::Others(object) = self
            && *object == name
        {
            *object = names::intern(format!("{name} #0"));
        }
    }

    /// The name of the lock, the condition variable, the channel, or the thread.
    pub fn name(&self) -> &'static str {
        match self {
            Awaited::Lock { lock: name, .. }
            | Awaited::Notification(name)
            | Awaited::End(name)
            | Awaited::Item(name)
            | Awaited::Value(name)
            | Awaited::Room(name)
            | Awaited::Receiver(name)
            | Awaited::Others(name) => name,
            Awaited::Unpark => "an unpark",
            Awaited::Change => "a change",
        }
    }
}

impl fmt::Display for Awaited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Awaited::Lock { lock, is_own: true, .. } => {
                write!(f, "the lock {lock}, which it holds itself")
            }
            Awaited::Lock { lock, owner, .. } => write!(f, "the lock {lock}, which {owner} has"),
            Awaited::Notification(condvar) => write!(f, "a notification of {condvar}"),
            Awaited::End(thread) => write!(f, "the end of {thread}"),
            Awaited::Item(channel) => write!(f, "an item of {channel}"),
            Awaited::Value(once) => write!(f, "a value in {once}"),
            Awaited::Room(channel) => write!(f, "room in {channel}"),
            Awaited::Receiver(channel) => write!(f, "a thread that receives from {channel}"),
            Awaited::Others(barrier) => write!(f, "the other threads at {barrier}"),
            Awaited::Unpark => f.write_str("an unpark"),
            Awaited::Change => f.write_str("a change in a loop"),
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
                write_all(f, kind, blocked)
            }
            Fault::Livelock(blocked) => write_all(f, "livelock", blocked),
            Fault::Panic { thread, message } => write!(f, "{thread} panics: {message}"),
            Fault::Abort { thread, message, why } => {
                write!(f, "{thread} panics: {message} ({why}, which aborts the process)")
            }
            Fault::Wrong(what) => f.write_str(what),
        }
    }
}

fn write_all(f: &mut fmt::Formatter<'_>, kind: &str, blocked: &[Blocked]) -> fmt::Result {
    let all: Vec<_> = blocked.iter().map(Blocked::to_string).collect();
    write!(f, "{kind}: {}", all.join("; "))
}
