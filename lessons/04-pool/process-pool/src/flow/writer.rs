//! The side that writes.

use std::sync::atomic::{Ordering, fence};

use ring::futex;
use serde::Serialize;

use super::room::{Put, write_value};
use super::{Chunks, Kind, PREFIX};
use crate::shared::{CAPACITY, Shared};

/// So many bytes of a large value are written at once: the other side reads them while
/// the next are written.
const PIECE: usize = 1 << 18;

/// The writer's side.
#[derive(Debug)]
pub struct Writer {
    shared: Shared,
    /// How many bytes it has written.
    tail: u64,
    /// How many bytes were read when it asked last. To ask is to take a cache line from
    /// the reader, so that is done when there seems to be little room.
    head: u64,
}

/// So much room is more than enough for a small value.
const ENOUGH: usize = 1 << 12;

impl Writer {
    pub fn new(shared: Shared) -> Self {
        Self { shared, tail: 0, head: 0 }
    }

    /// Writes a value, if there is room for it as a whole.
    pub fn put<T: Serialize>(&mut self, value: &T) -> Put {
        let mut seemed = self.room(ENOUGH).len();
        loop {
            match write_value(value, self.room(0)) {
                // It may only have seemed so.
                Put::NoRoom if self.room(CAPACITY).len() > seemed => seemed = CAPACITY,
                Put::Done(bytes) => {
                    self.publish(bytes);
                    return Put::Done(bytes);
                }
                other => return other,
            }
        }
    }

    /// Writes values as long as there is room, and returns how many.
    pub fn put_all<T: Serialize>(&mut self, values: &[T]) -> usize {
        let room = self.room(CAPACITY);
        let (mut written, mut used) = (0, 0);
        for value in values {
            let Put::Done(bytes) = write_value(value, &mut room[used..]) else { break };
            used += bytes;
            written += 1;
        }
        self.publish(used);
        written
    }

    /// Writes what stands before a large value; false if there is no room.
    pub fn put_prefix(&mut self, kind: Kind, length: usize) -> bool {
        let mut prefix = [kind as u8; PREFIX];
        prefix[1..].copy_from_slice(&(length as u64).to_le_bytes());
        self.put_whole(&prefix)
    }

    /// Writes these bytes; false if there is no room for all of them.
    pub fn put_whole(&mut self, bytes: &[u8]) -> bool {
        let Some(room) = self.room(bytes.len()).get_mut(..bytes.len()) else { return false };
        room.copy_from_slice(bytes);
        self.publish(bytes.len());
        true
    }

    /// Writes the first of these bytes, and returns how many.
    pub fn put_piece(&mut self, bytes: &[u8]) -> usize {
        let room = self.room(PIECE);
        let length = bytes.len().min(room.len()).min(PIECE);
        room[..length].copy_from_slice(&bytes[..length]);
        self.publish(length);
        length
    }

    /// The room that there is: all of it, if less than `wanted` seems to be there.
    #[inline]
    fn room(&mut self, wanted: usize) -> &mut [u8] {
        if CAPACITY - (self.tail - self.head) as usize <= wanted {
            // Never more than was written: a reader that is out of order moves nothing.
            self.head = self.shared.header().head.0.load(Ordering::Acquire).min(self.tail);
        }
        self.shared.room(self.head, self.tail)
    }

    #[inline]
    fn publish(&mut self, length: usize) {
        self.tail += length as u64;
        self.shared.header().tail.0.store(self.tail, Ordering::Release);
    }

    /// Whether the reader sleeps, and has to be woken now.
    pub fn reader_sleeps(&self) -> bool {
        let sleeps = &self.shared.header().reader_sleeps.0;
        // What was published comes before this question; the reader says that it sleeps
        // before it looks once more. One of the two sees the other.
        fence(Ordering::SeqCst);
        sleeps.load(Ordering::Relaxed) == 1 && sleeps.swap(0, Ordering::Relaxed) == 1
    }

    /// Sleeps until there may be room for so many bytes.
    pub fn sleep_until_room(&mut self, bytes: usize) {
        self.shared.header().writer_sleeps.0.store(1, Ordering::SeqCst);
        if self.room(CAPACITY).len() < bytes {
            // Whatever wakes it: it looks again.
            let _ = futex::wait(&self.shared.header().writer_sleeps.0, 1, None);
        }
    }

    /// How many bytes were written: the place of the next one.
    pub fn place(&self) -> u64 {
        self.tail
    }

    /// Takes back what was written from a place on, which the reader must not have begun
    /// to read.
    pub fn rewind(&mut self, place: u64) {
        self.tail = place;
        self.shared.header().tail.0.store(place, Ordering::Release);
    }

    /// Lets the reader begin one chunk more.
    pub fn allow_chunk(&self) {
        self.shared.header().chunks.0.fetch_add(1 << 32, Ordering::AcqRel);
    }

    /// Forbids the chunks that the reader has not begun, and says how many these are.
    pub fn forbid_chunks(&self) -> usize {
        let chunks = &self.shared.header().chunks.0;
        let before = chunks.fetch_update(Ordering::AcqRel, Ordering::Acquire, |word| {
            let Chunks { begun, .. } = Chunks::from(word);
            Some(Chunks { allowed: begun, begun }.word())
        });
        let Chunks { allowed, begun } = before.map(Chunks::from).expect("it is always changed");
        allowed.wrapping_sub(begun) as usize
    }

    /// How many chunks the reader has begun. (After 2³² it starts again at 0.)
    pub fn chunks_begun(&self) -> u32 {
        Chunks::from(self.shared.header().chunks.0.load(Ordering::Acquire)).begun
    }
}
