//! The side that writes.

use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::sync::atomic::Ordering;

use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, send};
use ring::bell::ASLEEP;
use ring::futex;

use super::shared::{CAPACITY, Shared};

/// How many bytes are written at once: the reader copies them while the next are written.
const PIECE: usize = 1 << 18;

/// The writer's side.
#[derive(Debug)]
pub struct Writer {
    shared: Shared,
    /// How many bytes it has written.
    tail: u64,
    /// How many bytes were released when it last looked. It looks again when space seems
    /// short, because looking takes a cache line from the reader.
    head: u64,
}

impl Writer {
    pub fn new(shared: Shared) -> Self {
        Self { shared, tail: 0, head: 0 }
    }

    /// Writes the first of these bytes: as many as fit, but not more than a piece. Returns how
    /// many it wrote.
    #[inline]
    pub fn write(&mut self, bytes: &[u8]) -> usize {
        let length = bytes.len().min(PIECE);
        let length = length.min(self.space(length));
        // SAFETY: so much is free after the tail, and this is the only writer.
        unsafe { self.shared.write(self.tail, &bytes[..length]) };
        self.tail += length as u64;
        self.shared.header().tail.0.store(self.tail, Ordering::Release);
        length
    }

    /// Writes these bytes, which are few; false if they do not fit.
    pub fn write_whole(&mut self, bytes: &[u8]) -> bool {
        self.space(bytes.len()) >= bytes.len() && self.write(bytes) == bytes.len()
    }

    /// How many bytes are free: all there are, if fewer than `wanted` seem to be.
    #[inline]
    fn space(&mut self, wanted: usize) -> usize {
        let space = |head| CAPACITY.saturating_sub((self.tail - head) as usize);
        if space(self.head) < wanted {
            // At most what was written: a broken reader cannot make this side misbehave.
            self.head = self.shared.header().head.0.load(Ordering::Acquire).min(self.tail);
        }
        space(self.head)
    }

    /// Wakes the reader if it sleeps, by a byte through `bell`.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn wake_reader(&self, bell: &UnixStream) -> nix::Result<()> {
        if !self.shared.header().reader.0.must_ring() {
            return Ok(());
        }
        loop {
            // Not `write`, which would also raise SIGPIPE if the reader is gone.
            match send(bell.as_raw_fd(), &[1], MsgFlags::MSG_NOSIGNAL) {
                // A reader that is gone needs no bell: its end is noticed elsewhere. One that
                // left the socket full has bells to read, and wakes.
                Ok(_) | Err(Errno::EPIPE | Errno::ECONNRESET | Errno::EAGAIN) => return Ok(()),
                Err(Errno::EINTR) => {}
                Err(why) => return Err(why),
            }
        }
    }

    /// Sleeps until there is space.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn sleep_until_space(&mut self) -> nix::Result<()> {
        while self.space(1) == 0 {
            self.shared.header().writer.0.will_sleep();
            if self.space(1) == 0 {
                // Whatever wakes it, it looks again.
                futex::wait(self.shared.header().writer.0.word(), ASLEEP, None)?;
            }
            self.shared.header().writer.0.is_awake();
        }
        Ok(())
    }

    /// How many bytes were written: the place of the next one.
    pub fn place(&self) -> u64 {
        self.tail
    }

    /// Takes back what was written from `place` on. Its chunks must have been revoked.
    pub fn rewind(&mut self, place: u64) {
        self.tail = place;
        // A broken reader may have said that it has released even these bytes.
        self.head = self.head.min(place);
        self.shared.header().tail.0.store(place, Ordering::Release);
    }

    /// Lets the reader begin one more chunk.
    pub fn allow_chunk(&self) {
        self.shared.header().chunks.0.allow();
    }

    /// Revokes the chunks that the reader has not begun, and returns how many.
    pub fn revoke_chunks(&self) -> usize {
        self.shared.header().chunks.0.revoke()
    }

    /// How many chunks the reader has begun, modulo 2³².
    pub fn chunks_begun(&self) -> u32 {
        self.shared.header().chunks.0.begun()
    }
}
