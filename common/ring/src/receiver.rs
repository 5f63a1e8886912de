//! The end that receives.

use crate::index::{Reader, STEP, taken};
use crate::memory::Memory;
use crate::waiting::Waiting;
use crate::{Error, Fds, futex};

/// The end of a ring that receives messages.
#[derive(Debug)]
pub struct Receiver {
    pub(crate) memory: Memory,
    pub(crate) reader: Reader,
    waiting: Waiting,
}

impl Receiver {
    pub(crate) fn new(memory: Memory, waiting: Waiting) -> Result<Self, Error> {
        let reader = Reader::open(memory.indices(), memory.size() as u64)?;
        Ok(Receiver { memory, reader, waiting })
    }

    /// The end that another process has turned into descriptors with
    /// [`into_fds`](Self::into_fds).
    ///
    /// # Errors
    /// [`Error::NotARing`] if the descriptors are not those of an end of a ring, and
    /// [`Error::Broken`] if there are invalid values in its memory.
    pub fn from_fds(fds: Fds) -> Result<Self, Error> {
        Receiver::new(Memory::open(fds.memory)?, Waiting::new(fds.lifeline)?)
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

    /// Waits for a message and copies it into `message`, in place of what that held.
    ///
    /// # Errors
    /// [`Error::Gone`] when everything that was sent has been read and no process can send
    /// any more. A message that its sender had not finished when it was killed is lost.
    pub fn recv(&mut self, message: &mut Vec<u8>) -> Result<(), Error> {
        self.recv_with(|bytes| {
            message.clear();
            message.extend_from_slice(bytes);
        })
    }

    /// Waits for a message and shows it in its place, in one piece. It is removed from the
    /// ring when `look` returns; if `look` panics, it stays.
    ///
    /// The sender's process can write to the memory that `look` sees. An honest sender does
    /// not before `look` has returned; two processes that share memory must trust each other
    /// that far.
    ///
    /// # Errors
    /// As [`recv`](Self::recv).
    pub fn recv_with<T>(&mut self, look: impl FnOnce(&[u8]) -> T) -> Result<T, Error> {
        let (indices, reader) = (self.memory.indices(), &mut self.reader);
        if reader.unread_as_seen() == 0 {
            let ready = || Ok(reader.unread(indices)? > 0);
            self.waiting.until(indices.receiver(), ready)?;
        }
        let place = reader.place();
        let header = self.memory.ring(place, STEP).cast::<u64>();
        // SAFETY: 8 bytes from the place on are mapped, and messages begin at multiples
        // of 8. Volatile: read only once, so that the value that is used was checked.
        let length = unsafe { header.read_volatile() };
        let capacity = self.memory.capacity();
        let length = usize::try_from(length)
            .ok()
            .filter(|&length| length <= capacity && taken(length) <= reader.unread_as_seen());
        let length = length.ok_or(Error::Broken("the length of a message"))?;

        let bytes = self.memory.ring(place, STEP + length);
        // SAFETY: the bytes are mapped, and an honest sender does not write to them before
        // they are consumed below.
        let seen = look(unsafe { &bytes.as_ref()[STEP..] });
        if reader.consume(indices, taken(length)) {
            futex::wake(indices.sender().word());
        }
        Ok(seen)
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.waiting.close(self.memory.indices().sender());
    }
}
