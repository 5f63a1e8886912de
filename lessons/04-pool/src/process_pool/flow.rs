//! Values on their way between the parent and a worker, through memory that both share.
//! What was written survives the writer, whenever it dies.
//!
//! A value is a byte that says its kind and, but for a small one, a length of 8 bytes;
//! then its bytes. A small one is there as a whole or not at all.

use std::sync::atomic::{Ordering, fence};

use anyhow::{Context, Result};
use common::futex;
use postcard::ser_flavors::Flavor;
use serde::Serialize;

use super::shared::{CAPACITY, Shared};

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// A value without its length, which its type knows.
    Small = 0,
    /// A value that found no room as a whole.
    Large = 1,
    /// In place of a result: where and why the task panicked.
    Panicked = 2,
    /// In place of a value: why it could not be written or read.
    Unreadable = 3,
}

impl Kind {
    /// The kind that a byte stands for.
    pub fn from_byte(byte: u8) -> Option<Kind> {
        let kinds = [Kind::Small, Kind::Large, Kind::Panicked, Kind::Unreadable];
        kinds.into_iter().find(|kind| *kind as u8 == byte)
    }
}

/// What stands before the bytes of all but a small value.
const PREFIX: usize = 9;

/// So many bytes of a large value are written at once: the other side reads them while
/// the next are written.
const PIECE: usize = 1 << 18;

/// What came of an attempt to write a value.
pub enum Put {
    /// It was written, in so many bytes.
    Done(usize),
    /// There is not enough room.
    NoRoom,
    /// It cannot be written as bytes, and why.
    Impossible(String),
}

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

/// Writes a small value with its kind.
fn write_value<T: Serialize>(value: &T, room: &mut [u8]) -> Put {
    let [kind, room @ ..] = room else { return Put::NoRoom };
    *kind = Kind::Small as u8;
    match postcard::serialize_with_flavor(value, Room { bytes: room, used: 0 }) {
        Ok(used) => Put::Done(1 + used),
        Err(postcard::Error::SerializeBufferFull) => Put::NoRoom,
        Err(why) => Put::Impossible(why.to_string()),
    }
}

/// Room for a value, as postcard wants it. (Its own kind of room copies every few bytes by
/// a call of memmove, which costs more than the bytes.)
struct Room<'a> {
    bytes: &'a mut [u8],
    used: usize,
}

impl Flavor for Room<'_> {
    type Output = usize;

    #[inline]
    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        *self.bytes.get_mut(self.used).ok_or(postcard::Error::SerializeBufferFull)? = byte;
        self.used += 1;
        Ok(())
    }

    #[inline]
    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        if bytes.len() < 16 {
            return bytes.iter().try_for_each(|&byte| self.try_push(byte));
        }
        let room = self.bytes.get_mut(self.used..self.used + bytes.len());
        room.ok_or(postcard::Error::SerializeBufferFull)?.copy_from_slice(bytes);
        self.used += bytes.len();
        Ok(())
    }

    #[inline]
    fn finalize(self) -> postcard::Result<usize> {
        Ok(self.used)
    }
}

/// The reader's side.
#[derive(Debug)]
pub struct Reader {
    shared: Shared,
    /// How many bytes it has read, and how many of these it has given back.
    head: u64,
    given_back: u64,
    /// How many bytes were written when it looked last. It looks again when it has read
    /// all of them: to look is to take a cache line from the writer.
    tail: u64,
}

/// So many bytes are given back at once: to do that for each value would take a cache
/// line from the writer each time.
const MUCH: u64 = 1 << 16;

impl Reader {
    pub fn new(shared: Shared) -> Self {
        Self { shared, head: 0, given_back: 0, tail: 0 }
    }

    /// What was written and not yet taken; not all of it, if more came since it looked.
    #[inline]
    pub fn written(&mut self) -> &[u8] {
        if self.tail == self.head {
            self.tail = self.shared.header().tail.0.load(Ordering::Acquire);
        }
        self.shared.written(self.head, self.tail)
    }

    /// The kind and the length of a large value, when they have come.
    ///
    /// # Errors
    /// If what stands there is none.
    pub fn take_prefix(&mut self) -> Result<(Kind, usize)> {
        let bytes = self.written().get(..PREFIX).context("a value without its length")?;
        let kind = Kind::from_byte(bytes[0]).context("a value of no known kind")?;
        let length = u64::from_le_bytes(bytes[1..].try_into()?) as usize;
        self.take(PREFIX);
        Ok((kind, length))
    }

    /// Takes the first bytes away.
    #[inline]
    pub fn take(&mut self, bytes: usize) {
        self.head += bytes as u64;
        if self.head - self.given_back >= MUCH {
            self.give_back();
        }
    }

    /// Gives back the room of what was taken, and wakes a writer that waits for it.
    fn give_back(&mut self) {
        self.given_back = self.head;
        let header = self.shared.header();
        header.head.0.store(self.head, Ordering::SeqCst);
        let sleeps = &header.writer_sleeps.0;
        if sleeps.load(Ordering::SeqCst) == 1 && sleeps.swap(0, Ordering::SeqCst) == 1 {
            futex::wake(sleeps);
        }
    }

    /// Says whether the reader sleeps, and wants to be told of what is new.
    pub fn sleep(&self, sleeps: bool) {
        self.shared.header().reader_sleeps.0.store(sleeps.into(), Ordering::SeqCst);
    }

    /// Begins the next chunk; false if none is allowed.
    pub fn begin_chunk(&mut self) -> bool {
        let chunks = &self.shared.header().chunks.0;
        let begun = chunks.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |word| {
            let Chunks { allowed, begun } = Chunks::from(word);
            (allowed != begun).then(|| Chunks { allowed, begun: begun.wrapping_add(1) }.word())
        });
        // What it saw behind the last chunk may have been taken back, and another be there.
        self.tail = self.head;
        begun.is_ok()
    }
}

/// How many chunks the reader may begin, in the upper half of a word, and how many it
/// has begun, in the lower: in one word, so that a chunk is either begun or forbidden.
struct Chunks {
    allowed: u32,
    begun: u32,
}

impl From<u64> for Chunks {
    fn from(word: u64) -> Self {
        Self { allowed: (word >> 32) as u32, begun: word as u32 }
    }
}

impl Chunks {
    fn word(&self) -> u64 {
        u64::from(self.allowed) << 32 | u64::from(self.begun)
    }
}
