//! The end that receives.

use anyhow::Result;

use super::index::{Reader, STEP, taken};
use super::memory::Memory;
use super::waiting::Waiting;
use super::{Error, Fds};
use crate::futex;

/// The end of a ring that receives messages.
#[derive(Debug)]
pub struct Receiver {
    pub(super) memory: Memory,
    reader: Reader,
    waiting: Waiting,
}

impl Receiver {
    pub(super) fn new(memory: Memory, waiting: Waiting) -> Result<Self, Error> {
        let reader = Reader::open(memory.indices(), memory.size() as u64)?;
        Ok(Receiver { memory, reader, waiting })
    }

    /// The end that another process has given away with [`into_fds`](Self::into_fds).
    ///
    /// # Errors
    /// If the descriptors are not what they should be.
    pub fn from_fds(fds: Fds) -> Result<Self> {
        Ok(Receiver::new(Memory::open(fds.memory)?, Waiting::new(fds.lifeline)?)?)
    }

    /// What another program needs to go on as this end. They are closed on exec: clear
    /// that, or duplicate them in the child.
    ///
    /// # Errors
    /// If there is no descriptor left.
    pub fn into_fds(self) -> Result<Fds> {
        Ok(Fds { memory: self.memory.file()?, lifeline: self.waiting.lifeline()? })
    }

    /// The length of the longest message, in bytes.
    pub fn capacity(&self) -> usize {
        self.memory.capacity()
    }

    /// Waits for a message and copies it: afterwards it is all that `message` holds.
    ///
    /// # Errors
    /// [`Error::Gone`] when everything is read that was sent, and nobody can send any
    /// more. A message that its sender had not finished when it was killed was not sent.
    pub fn recv(&mut self, message: &mut Vec<u8>) -> Result<(), Error> {
        self.recv_with(|bytes| copy(bytes, message))
    }

    /// Waits for a message and shows it in its place, in one piece. It is gone from the
    /// ring when `look` returns; if `look` panics, it stays.
    ///
    /// What it sees is memory that the sender's process can write to. An honest sender
    /// does not, before `look` has returned; who does not trust it copies first.
    ///
    /// # Errors
    /// As [`recv`](Self::recv).
    pub fn recv_with<T>(&mut self, look: impl FnOnce(&[u8]) -> T) -> Result<T, Error> {
        let (indices, reader) = (self.memory.indices(), &mut self.reader);
        if reader.unread_as_seen() == 0 {
            let ready = || Ok(reader.unread(indices)? > 0);
            self.waiting.until(indices.receiver(), ready)?;
        }
        self.take(look)
    }

    /// Copies a message if there is one, and returns whether there was.
    ///
    /// # Errors
    /// As [`recv`](Self::recv). Who goes on trying learns that the sender is gone some
    /// 50 ms later at the latest.
    pub fn try_recv(&mut self, message: &mut Vec<u8>) -> Result<bool, Error> {
        let indices = self.memory.indices();
        if self.reader.unread(indices)? == 0 {
            let gone = self.waiting.is_gone(indices.receiver())?;
            // Its last message may have come between the two questions.
            if self.reader.unread(indices)? == 0 {
                return if gone { Err(Error::Gone) } else { Ok(false) };
            }
        }
        self.take(|bytes| copy(bytes, message))?;
        Ok(true)
    }

    /// Shows the next message, which is there, and gives its bytes back to the sender.
    fn take<T>(&mut self, look: impl FnOnce(&[u8]) -> T) -> Result<T, Error> {
        let indices = self.memory.indices();
        let place = self.reader.place();
        let header = self.memory.ring(place, STEP).cast::<u64>();
        // SAFETY: 8 bytes from the place on are mapped, and messages begin at multiples
        // of 8. Volatile: read once, so that what is checked is what is used.
        let length = unsafe { header.read_volatile() };
        let capacity = self.memory.capacity();
        let length = usize::try_from(length)
            .ok()
            .filter(|&length| length <= capacity && taken(length) <= self.reader.unread_as_seen());
        let length = length.ok_or(Error::Broken("the length of a message"))?;

        let bytes = self.memory.ring(place, STEP + length);
        // SAFETY: the bytes are mapped, and the sender does not write to them before they
        // are consumed below.
        let seen = look(unsafe { &bytes.as_ref()[STEP..] });
        if self.reader.consume(indices, taken(length)) {
            futex::wake(indices.sender().word());
        }
        Ok(seen)
    }
}

fn copy(bytes: &[u8], message: &mut Vec<u8>) {
    message.clear();
    message.extend_from_slice(bytes);
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.waiting.close(self.memory.indices().sender());
    }
}
