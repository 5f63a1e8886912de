//! The end that sends.

use std::ptr;

use anyhow::Result;

use super::index::{STEP, Writer, taken};
use super::memory::Memory;
use super::waiting::Waiting;
use super::{Error, Fds};
use crate::futex;

/// The end of a ring that sends messages.
#[derive(Debug)]
pub struct Sender {
    memory: Memory,
    writer: Writer,
    waiting: Waiting,
}

impl Sender {
    pub(super) fn new(memory: Memory, waiting: Waiting) -> Result<Self, Error> {
        let writer = Writer::open(memory.indices(), memory.size() as u64)?;
        Ok(Sender { memory, writer, waiting })
    }

    /// The end that another process has given away with [`into_fds`](Self::into_fds).
    ///
    /// # Errors
    /// If the descriptors are not what they should be.
    pub fn from_fds(fds: Fds) -> Result<Self> {
        Ok(Sender::new(Memory::open(fds.memory)?, Waiting::new(fds.lifeline)?)?)
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

    /// Sends a message, and waits for room if there is none. It returns as soon as the
    /// message is in the ring.
    ///
    /// # Errors
    /// [`Error::Gone`] if nobody can receive it any more; a receiver that was killed is
    /// noticed at the latest when the ring is full. [`Error::TooLong`].
    pub fn send(&mut self, message: &[u8]) -> Result<(), Error> {
        self.send_parts(&[message])
    }

    /// Sends the parts as one message, without putting them together elsewhere first.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub fn send_parts(&mut self, parts: &[&[u8]]) -> Result<(), Error> {
        let length = self.length(parts)?;
        let (indices, writer) = (self.memory.indices(), &mut self.writer);
        if self.waiting.is_told_gone(indices.sender())? {
            return Err(Error::Gone);
        }
        if !writer.has_room(indices, taken(length))? {
            let ready = || Ok(writer.has_room(indices, taken(length))?);
            self.waiting.until(indices.sender(), ready)?;
        }
        self.put(length, parts);
        Ok(())
    }

    /// Sends a message if there is room for it, and returns whether there was.
    ///
    /// # Errors
    /// As [`send`](Self::send). Who goes on trying learns that the receiver is gone some
    /// 50 ms later at the latest.
    pub fn try_send(&mut self, message: &[u8]) -> Result<bool, Error> {
        let length = self.length(&[message])?;
        let indices = self.memory.indices();
        if self.waiting.is_told_gone(indices.sender())? {
            return Err(Error::Gone);
        }
        if self.writer.has_room(indices, taken(length))? {
            self.put(length, &[message]);
            return Ok(true);
        }
        if self.waiting.is_gone(indices.sender())? { Err(Error::Gone) } else { Ok(false) }
    }

    fn length(&self, parts: &[&[u8]]) -> Result<usize, Error> {
        let capacity = self.capacity();
        let length = parts.iter().fold(0, |sum: usize, part| sum.saturating_add(part.len()));
        if length > capacity { Err(Error::TooLong { length, capacity }) } else { Ok(length) }
    }

    /// Writes the message where there is room for it, and only then publishes it.
    fn put(&mut self, length: usize, parts: &[&[u8]]) {
        let place = self.memory.ring(self.writer.place(), STEP + length).cast::<u8>();
        // SAFETY: so many bytes from the place on are mapped, they are the sender's, and
        // messages begin at multiples of 8.
        unsafe { place.cast::<u64>().write(length as u64) };
        let mut written = STEP;
        for part in parts {
            // SAFETY: within the bytes of the message.
            let to = unsafe { place.add(written) };
            // SAFETY: as above; the part is this process's own, so it lies elsewhere.
            unsafe { ptr::copy_nonoverlapping(part.as_ptr(), to.as_ptr(), part.len()) };
            written += part.len();
        }
        let indices = self.memory.indices();
        if self.writer.publish(indices, taken(length)) {
            futex::wake(indices.receiver().word());
        }
    }
}

impl Drop for Sender {
    fn drop(&mut self) {
        self.waiting.close(self.memory.indices().receiver());
    }
}
