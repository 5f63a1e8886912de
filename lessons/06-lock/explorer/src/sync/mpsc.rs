//! Channels: [`std::sync::mpsc`].
//!
//! A wait with a limit may time out at any time, whatever the limit is.

use std::cell::Cell;
use std::collections::VecDeque;
use std::fmt;
use std::marker::PhantomData;
use std::panic::Location;
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub use std::sync::mpsc::{RecvError, RecvTimeoutError, SendError, TryRecvError, TrySendError};

use crate::engine::{self, Handle, step, step_at, timed_step};
use crate::execution::{self, Execution, Object};
use crate::op::{Op, ThreadId};

/// A channel with room for any number of items.
#[track_caller]
pub fn channel<T>() -> (Sender<T>, Receiver<T>) {
    let (end, receiver) = open(None);
    (Sender(end), receiver)
}

/// A channel with room for this number of items. With 0, each is handed over: the sender waits
/// until it is received.
#[track_caller]
pub fn sync_channel<T>(room: usize) -> (SyncSender<T>, Receiver<T>) {
    let (end, receiver) = open(Some(room));
    (SyncSender(end), receiver)
}

#[track_caller]
fn open<T>(room: Option<usize>) -> (SendingEnd<T>, Receiver<T>) {
    let object = Object::Channel(execution::Channel::new(room));
    let handle = engine::add_object_at(Location::caller(), "channel", object);
    let shared = Arc::new(Shared { handle, room, items: Mutex::default() });
    let receiver = Receiver { shared: Arc::clone(&shared), not_sync: PhantomData };
    (SendingEnd { shared }, receiver)
}

/// Where an end is dropped: nobody knows, so it is not in a file of the program.
fn dropped() -> &'static Location<'static> {
    Location::caller()
}

/// What both ends share.
struct Shared<T> {
    handle: Handle,
    room: Option<usize>,
    /// Each with its number.
    items: Mutex<VecDeque<(usize, T)>>,
}

impl<T> Shared<T> {
    /// Puts an item into the channel, as part of a step. Returns its number.
    fn push(&self, execution: &mut Execution, me: ThreadId, item: T) -> usize {
        let id = self.handle.id();
        let channel = execution.channel(id);
        let number = channel.sent;
        channel.sent += 1;
        execution.change(id, me);
        engine::lock(&self.items).push_back((number, item));
        number
    }

    /// Takes an item out, if there is one, as part of a step.
    fn pop(&self, execution: &mut Execution, me: ThreadId) -> Option<T> {
        let id = self.handle.id();
        let channel = execution.channel(id);
        channel.is_awaited = false;
        if channel.items() == 0 {
            return None;
        }
        channel.taken += 1;
        execution.change(id, me);
        engine::lock(&self.items).pop_front().map(|(_, item)| item)
    }

    fn described(&self, what: &str) -> String {
        format!("{what} {}", self.handle.name)
    }
}

/// A sender. Dropping it is a step.
struct SendingEnd<T> {
    shared: Arc<Shared<T>>,
}

impl<T> SendingEnd<T> {
    #[track_caller]
    fn send(&self, item: T) -> Result<(), SendError<T>> {
        let shared = &self.shared;
        let id = shared.handle.id();
        let number = step(
            Op::Put(id),
            |execution, me| match execution.channel(id).has_receiver {
                true => Ok(shared.push(execution, me, item)),
                false => Err(SendError(item)),
            },
            |sent| match sent {
                Ok(_) => shared.described("send to"),
                Err(_) => format!("send: no receiver of {}", shared.handle.name),
            },
        );
        let number = match number {
            Ok(number) => number,
            // The receiver was unwound, as this thread is now, which may expect in a `Drop` that
            // there is one.
            Err(_) if engine::is_over() => return Ok(()),
            Err(error) => return Err(error),
        };
        if shared.room != Some(0) {
            return Ok(());
        }
        let returned = step(
            Op::HandOver { channel: id, item: number },
            |execution, _| {
                let is_taken = execution.channel(id).taken > number;
                if is_taken { None } else { Self::take_back(shared, number) }
            },
            |returned| match returned {
                None => shared.described("handed over to"),
                Some(_) => format!("send: no receiver of {}", shared.handle.name),
            },
        );
        returned.map_or(Ok(()), |item| Err(SendError(item)))
    }

    /// An item that is not received.
    fn take_back(shared: &Shared<T>, number: usize) -> Option<T> {
        let mut items = engine::lock(&shared.items);
        let index = items.iter().position(|&(other, _)| other == number)?;
        items.remove(index).map(|(_, item)| item)
    }

    #[track_caller]
    fn try_send(&self, item: T) -> Result<(), TrySendError<T>> {
        let shared = &self.shared;
        let id = shared.handle.id();
        step(
            Op::Write(id),
            |execution, me| {
                let channel = execution.channel(id);
                let has_room = match channel.room {
                    Some(0) => channel.is_awaited && channel.items() == 0,
                    _ => channel.has_room(),
                };
                if !channel.has_receiver {
                    Err(TrySendError::Disconnected(item))
                } else if has_room {
                    shared.push(execution, me, item);
                    Ok(())
                } else {
                    Err(TrySendError::Full(item))
                }
            },
            |sent| match sent {
                Ok(()) => shared.described("try_send to"),
                Err(_) => format!("try_send to {}: no", shared.handle.name),
            },
        )
    }
}

impl<T> Clone for SendingEnd<T> {
    fn clone(&self) -> Self {
        let id = self.shared.handle.id();
        // Not a step: nobody can tell, as there is this sender.
        engine::change_silently(|execution| execution.channel(id).senders += 1);
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<T> Drop for SendingEnd<T> {
    fn drop(&mut self) {
        if !engine::is_here(self.shared.handle) {
            return;
        }
        let id = self.shared.handle.id();
        step_at(
            dropped(),
            Op::Leave(id),
            |execution, me| {
                let channel = execution.channel(id);
                channel.senders -= 1;
                if channel.senders == 0 {
                    execution.change(id, me);
                }
            },
            |()| format!("drop {}", self.shared.handle.name),
        );
    }
}

/// A sender: [`std::sync::mpsc::Sender`]. Dropping it is a step.
pub struct Sender<T>(SendingEnd<T>);

impl<T> Sender<T> {
    /// Puts an item into the channel: a step.
    ///
    /// # Errors
    /// If the receiver is gone.
    #[track_caller]
    pub fn send(&self, item: T) -> Result<(), SendError<T>> {
        self.0.send(item)
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

/// A sender of a channel with limited room: [`std::sync::mpsc::SyncSender`]. Dropping it is a
/// step.
pub struct SyncSender<T>(SendingEnd<T>);

impl<T> SyncSender<T> {
    /// Waits for room, and puts an item into the channel: a step. Without a buffer, another step
    /// waits until the item is received.
    ///
    /// # Errors
    /// If the receiver is gone.
    #[track_caller]
    pub fn send(&self, item: T) -> Result<(), SendError<T>> {
        self.0.send(item)
    }

    /// Puts an item into the channel if there is room, or if the receiver waits: a step.
    ///
    /// # Errors
    /// If there is not, or if the receiver is gone.
    #[track_caller]
    pub fn try_send(&self, item: T) -> Result<(), TrySendError<T>> {
        self.0.try_send(item)
    }
}

impl<T> Clone for SyncSender<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

/// The receiver: [`std::sync::mpsc::Receiver`]. Dropping it is a step.
pub struct Receiver<T> {
    shared: Arc<Shared<T>>,
    /// As with std, one thread at a time has it.
    not_sync: PhantomData<Cell<()>>,
}

impl<T> Receiver<T> {
    /// Waits for an item: a step.
    ///
    /// # Errors
    /// If there is none, and no sender.
    #[track_caller]
    pub fn recv(&self) -> Result<T, RecvError> {
        if let Some(item) = self.begin() {
            return Ok(item);
        }
        let item = step(
            Op::Take(self.shared.handle.id()),
            |execution, me| self.shared.pop(execution, me),
            |item| self.described(item.is_some()),
        );
        item.ok_or(RecvError)
    }

    /// Waits for an item, and may stop at any time: the limit is not looked at. A step.
    ///
    /// # Errors
    /// If its time is over, or if there is no item, and no sender.
    #[track_caller]
    pub fn recv_timeout(&self, _limit: Duration) -> Result<T, RecvTimeoutError> {
        if let Some(item) = self.begin() {
            return Ok(item);
        }
        timed_step(
            Op::Take(self.shared.handle.id()),
            |execution, me, is_given| {
                let item = self.shared.pop(execution, me);
                let is_over = !is_given;
                item.ok_or(match is_over {
                    true => RecvTimeoutError::Timeout,
                    false => RecvTimeoutError::Disconnected,
                })
            },
            |item| match item {
                Err(RecvTimeoutError::Timeout) => "time is over".to_owned(),
                item => self.described(item.is_ok()),
            },
        )
    }

    /// Takes an item if there is one: a step.
    ///
    /// # Errors
    /// If there is none.
    #[track_caller]
    pub fn try_recv(&self) -> Result<T, TryRecvError> {
        let id = self.shared.handle.id();
        step(
            Op::Write(id),
            |execution, me| {
                let is_disconnected = execution.channel(id).senders == 0;
                self.shared.pop(execution, me).ok_or(match is_disconnected {
                    true => TryRecvError::Disconnected,
                    false => TryRecvError::Empty,
                })
            },
            |item| match item {
                Ok(_) => self.shared.described("try_recv from"),
                Err(_) => format!("try_recv {}: no", self.shared.handle.name),
            },
        )
    }

    /// The items, until there is no sender.
    pub fn iter(&self) -> Iter<'_, T> {
        Iter(self)
    }

    /// The items that are there.
    pub fn try_iter(&self) -> TryIter<'_, T> {
        TryIter(self)
    }

    /// Begins to wait, if items are handed over: a step. Takes one that is offered already.
    #[track_caller]
    fn begin(&self) -> Option<T> {
        if self.shared.room != Some(0) {
            return None;
        }
        let id = self.shared.handle.id();
        step(
            Op::Write(id),
            |execution, me| {
                let item = self.shared.pop(execution, me);
                let channel = execution.channel(id);
                channel.is_awaited = item.is_none() && channel.senders > 0;
                if channel.is_awaited {
                    execution.change(id, me);
                }
                item
            },
            |item| match item {
                Some(_) => self.described(true),
                None => self.shared.described("wait for"),
            },
        )
    }

    fn described(&self, is_there: bool) -> String {
        match is_there {
            true => self.shared.described("recv from"),
            false => format!("recv: no sender of {}", self.shared.handle.name),
        }
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        if !engine::is_here(self.shared.handle) {
            return;
        }
        let id = self.shared.handle.id();
        let items = step_at(
            dropped(),
            Op::Write(id),
            |execution, me| {
                execution.channel(id).has_receiver = false;
                execution.change(id, me);
                match self.shared.room {
                    // The senders take theirs back.
                    Some(0) => VecDeque::new(),
                    _ => std::mem::take(&mut *engine::lock(&self.shared.items)),
                }
            },
            |_| format!("drop receiver {}", self.shared.handle.name),
        );
        // They may take steps of their own.
        drop(items);
    }
}

/// The items of a channel, until there is no sender.
pub struct Iter<'a, T>(&'a Receiver<T>);

impl<T> Iterator for Iter<'_, T> {
    type Item = T;

    #[track_caller]
    fn next(&mut self) -> Option<T> {
        self.0.recv().ok()
    }
}

/// The items that are in a channel.
pub struct TryIter<'a, T>(&'a Receiver<T>);

impl<T> Iterator for TryIter<'_, T> {
    type Item = T;

    #[track_caller]
    fn next(&mut self) -> Option<T> {
        self.0.try_recv().ok()
    }
}

/// The items of a channel, until there is no sender.
pub struct IntoIter<T>(Receiver<T>);

impl<T> Iterator for IntoIter<T> {
    type Item = T;

    #[track_caller]
    fn next(&mut self) -> Option<T> {
        self.0.recv().ok()
    }
}

impl<T> IntoIterator for Receiver<T> {
    type Item = T;
    type IntoIter = IntoIter<T>;

    fn into_iter(self) -> IntoIter<T> {
        IntoIter(self)
    }
}

impl<'a, T> IntoIterator for &'a Receiver<T> {
    type Item = T;
    type IntoIter = Iter<'a, T>;

    fn into_iter(self) -> Iter<'a, T> {
        self.iter()
    }
}

macro_rules! opaque {
    ($($name:ident $(<$lifetime:lifetime>)?),*) => { $(
        impl<T> fmt::Debug for $name<$($lifetime,)? T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }
    )* };
}

opaque!(Sender, SyncSender, Receiver, Iter<'_>, TryIter<'_>, IntoIter);
