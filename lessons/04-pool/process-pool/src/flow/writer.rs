//! The side that writes.

use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{Ordering, fence};

use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, send};
use ring::futex;
use serde::Serialize;

use super::encode::encode;
use super::shared::{CAPACITY, Shared};
use super::{Chunks, Kind, PREFIX};

/// How many bytes of a large value are written at once: the reader copies them while the
/// next are written.
const PIECE: usize = 1 << 18;

/// More than enough space for a small value.
const ENOUGH: usize = 1 << 12;

/// The writer's side.
#[derive(Debug)]
pub struct Writer {
    shared: Shared,
    /// How many bytes it has written.
    tail: u64,
    /// How many bytes were released when it last looked. It looks again when space seems
    /// short, because looking takes a cache line from the reader.
    head: u64,
    large: Option<Large>,
}

/// A large value that is not written to its end.
#[derive(Debug)]
struct Large {
    prefix: Option<[u8; PREFIX]>,
    bytes: Vec<u8>,
    written: usize,
}

impl Writer {
    pub fn new(shared: Shared) -> Self {
        Self { shared, tail: 0, head: 0, large: None }
    }

    /// Writes a value; false if it does not fit, or cannot be converted to bytes.
    pub fn put<T: Serialize>(&mut self, value: &T) -> bool {
        let mut encoded = encode(value, self.space(ENOUGH));
        if encoded.is_err() {
            // There may be more space than it seemed.
            encoded = encode(value, self.space(CAPACITY));
        }
        encoded.map(|length| self.publish(length)).is_ok()
    }

    /// Writes values up to the first that does not fit or cannot be converted to bytes.
    /// Returns how many it wrote.
    pub fn put_all<T: Serialize>(&mut self, values: &[T]) -> usize {
        let space = self.space(CAPACITY);
        let (mut written, mut used) = (0, 0);
        for value in values {
            let Ok(length) = encode(value, &mut space[used..]) else { break };
            used += length;
            written += 1;
        }
        self.publish(used);
        written
    }

    /// Writes these bytes; false if they do not fit.
    pub fn put_whole(&mut self, bytes: &[u8]) -> bool {
        let Some(space) = self.space(bytes.len()).get_mut(..bytes.len()) else { return false };
        space.copy_from_slice(bytes);
        self.publish(bytes.len());
        true
    }

    /// Prepares a large value for [`continue_large`](Self::continue_large) to write.
    pub fn begin_large(&mut self, kind: Kind, bytes: Vec<u8>) {
        let mut prefix = [kind as u8; PREFIX];
        prefix[1..].copy_from_slice(&(bytes.len() as u64).to_le_bytes());
        self.large = Some(Large { prefix: Some(prefix), bytes, written: 0 });
    }

    /// Writes the next piece of a large value, or as much of it as fits. Returns whether
    /// nothing is left of the value.
    pub fn continue_large(&mut self) -> bool {
        let Some(mut large) = self.large.take() else { return true };
        large.prefix.take_if(|prefix| self.put_whole(prefix));
        if large.prefix.is_none() {
            let rest = &large.bytes[large.written..];
            let space = self.space(PIECE);
            let length = rest.len().min(space.len()).min(PIECE);
            space[..length].copy_from_slice(&rest[..length]);
            self.publish(length);
            large.written += length;
            if large.written == large.bytes.len() {
                return true;
            }
        }
        self.large = Some(large);
        false
    }

    /// Whether there is space for another piece of a large value.
    pub fn has_space(&mut self) -> bool {
        self.space(PREFIX).len() > PREFIX
    }

    /// The space for the next bytes: all there is, if not more than `wanted` seems free.
    #[inline]
    fn space(&mut self, wanted: usize) -> &mut [u8] {
        if CAPACITY - (self.tail - self.head) as usize <= wanted {
            // At most what was written: a broken reader cannot make this side misbehave.
            self.head = self.shared.header().head.0.load(Ordering::Acquire).min(self.tail);
        }
        // SAFETY: this is the only writer, the head was loaded from the header, and nothing
        // from `tail` on is published.
        unsafe { self.shared.space(self.head, self.tail) }
    }

    #[inline]
    fn publish(&mut self, length: usize) {
        self.tail += length as u64;
        self.shared.header().tail.0.store(self.tail, Ordering::Release);
    }

    /// Wakes the reader if it sleeps, by a byte through `bell`.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn wake_reader(&self, bell: &UnixStream) -> nix::Result<()> {
        let sleeps = &self.shared.header().reader_sleeps.0;
        // Between publishing and this question. The reader sets that it sleeps, has a fence,
        // and looks once more, so one of the two sees the other.
        fence(Ordering::SeqCst);
        if sleeps.load(Ordering::Relaxed) == 0 || sleeps.swap(0, Ordering::Relaxed) == 0 {
            return Ok(());
        }
        // Not `write`, which would also raise SIGPIPE if the reader is gone.
        match send(bell.as_raw_fd(), &[1], MsgFlags::MSG_NOSIGNAL) {
            // A reader that is gone needs no bell: its end is noticed elsewhere. One that
            // left the socket full has bells to read, and wakes.
            Ok(_) | Err(Errno::EPIPE | Errno::ECONNRESET | Errno::EAGAIN) => Ok(()),
            Err(why) => Err(why),
        }
    }

    /// Sleeps until there is space for another piece of a large value.
    pub fn sleep_until_space(&mut self) {
        while !self.has_space() {
            self.shared.header().writer_sleeps.0.store(1, Ordering::SeqCst);
            // Before it looks once more, so that the reader sees the flag, or this side sees
            // what `Reader::release` has stored.
            fence(Ordering::SeqCst);
            if !self.has_space() {
                // Whatever wakes it, it looks again.
                let _ = futex::wait(&self.shared.header().writer_sleeps.0, 1, None);
            }
        }
    }

    /// How many bytes were written: the place of the next one.
    pub fn place(&self) -> u64 {
        self.tail
    }

    /// Takes back what was written from `place` on. Its chunks must have been revoked.
    pub fn rewind(&mut self, place: u64) {
        self.tail = place;
        self.large = None;
        self.shared.header().tail.0.store(place, Ordering::Release);
    }

    /// Lets the reader begin one more chunk.
    pub fn allow_chunk(&self) {
        self.shared.header().chunks.0.fetch_add(1 << 32, Ordering::AcqRel);
    }

    /// Revokes the chunks that the reader has not begun, and returns how many.
    pub fn revoke_chunks(&self) -> usize {
        let chunks = &self.shared.header().chunks.0;
        let before = chunks.fetch_update(Ordering::AcqRel, Ordering::Acquire, |word| {
            let Chunks { begun, .. } = Chunks::from_word(word);
            Some(Chunks { allowed: begun, begun }.to_word())
        });
        let Chunks { allowed, begun } =
            before.map(Chunks::from_word).expect("the closure always returns a word");
        allowed.wrapping_sub(begun) as usize
    }

    /// How many chunks the reader has begun, modulo 2³².
    pub fn chunks_begun(&self) -> u32 {
        Chunks::from_word(self.shared.header().chunks.0.load(Ordering::Acquire)).begun
    }
}
