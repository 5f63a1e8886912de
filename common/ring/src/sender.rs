//! The end that sends.

use std::ptr;

use crate::index::{STEP, Writer, taken};
use crate::memory::Memory;
use crate::waiting::Waiting;
use crate::{Error, Fds, futex};

/// The end of a ring that sends messages.
#[derive(Debug)]
pub struct Sender {
    pub(crate) memory: Memory,
    pub(crate) writer: Writer,
    waiting: Waiting,
}

impl Sender {
    pub(crate) fn new(memory: Memory, waiting: Waiting) -> Result<Self, Error> {
        let writer = Writer::open(memory.indices(), memory.size() as u64)?;
        Ok(Sender { memory, writer, waiting })
    }

    /// The end that another process has turned into descriptors with
    /// [`into_fds`](Self::into_fds).
    ///
    /// # Errors
    /// [`Error::NotARing`] if the descriptors are not those of an end of a ring, and
    /// [`Error::Broken`] if there are invalid values in its memory.
    pub fn from_fds(fds: Fds) -> Result<Self, Error> {
        Sender::new(Memory::open(fds.memory)?, Waiting::new(fds.lifeline)?)
    }

    /// The descriptors with which another program continues as this end. They are closed
    /// on exec: clear that flag, or duplicate them in the child.
    ///
    /// # Errors
    /// If no more descriptors are available.
    pub fn into_fds(self) -> Result<Fds, Error> {
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
    /// [`Error::Gone`] if no process can receive it any more; that a receiver was killed is
    /// noticed at the latest when the ring is full. [`Error::TooLong`].
    pub fn send(&mut self, message: &[u8]) -> Result<(), Error> {
        let (length, capacity) = (message.len(), self.capacity());
        if length > capacity {
            return Err(Error::TooLong { length, capacity });
        }
        let (indices, writer) = (self.memory.indices(), &mut self.writer);
        if self.waiting.is_gone(indices.sender())? {
            return Err(Error::Gone);
        }
        if !writer.has_room(indices, taken(length))? {
            let ready = || Ok(writer.has_room(indices, taken(length))?);
            self.waiting.until(indices.sender(), ready)?;
        }

        let place = self.memory.ring(writer.place(), STEP + length).cast::<u8>();
        // SAFETY: this number of bytes from the place on is mapped, they are the sender's,
        // and messages begin at multiples of 8.
        unsafe { place.cast::<u64>().write(length as u64) };
        // SAFETY: within the bytes of the message.
        let to = unsafe { place.add(STEP) };
        // SAFETY: as above; the message is this process's own memory, so it is elsewhere.
        unsafe { ptr::copy_nonoverlapping(message.as_ptr(), to.as_ptr(), length) };
        // Only now, when all of it is written.
        if writer.publish(indices, taken(length)) {
            futex::wake(indices.receiver().word());
        }
        Ok(())
    }
}

impl Drop for Sender {
    fn drop(&mut self) {
        self.waiting.close(self.memory.indices().receiver());
    }
}
