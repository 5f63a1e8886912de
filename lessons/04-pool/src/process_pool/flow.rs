//! Values on their way between the parent and a worker, through memory that both share.
//! What was written survives the writer, whenever it dies.
//!
//! A value is a byte that says its kind and, but for a small one, a length of 8 bytes;
//! then its bytes. A small one is there as a whole or not at all.

use std::sync::atomic::{Ordering, fence};

use anyhow::{Context, Result};
use nix::errno::Errno;
use nix::libc;
use serde::Serialize;

use super::shared::Shared;

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
    /// It was written.
    Done,
    /// There is not enough room.
    NoRoom,
    /// It cannot be written as bytes, and why.
    Impossible(String),
}

/// The writer's side.
#[derive(Debug)]
pub struct Writer(Shared);

impl Writer {
    pub fn new(shared: Shared) -> Self {
        Self(shared)
    }

    /// Writes a value, if there is room for it as a whole.
    pub fn put<T: Serialize>(&mut self, value: &T) -> Put {
        let [kind, room @ ..] = self.0.room() else { return Put::NoRoom };
        *kind = Kind::Small as u8;
        match postcard::to_slice(value, room) {
            Ok(bytes) => {
                let length = bytes.len();
                self.publish(1 + length);
                Put::Done
            }
            Err(postcard::Error::SerializeBufferFull) => Put::NoRoom,
            Err(why) => Put::Impossible(why.to_string()),
        }
    }

    /// Writes what stands before a large value; false if there is no room.
    pub fn put_prefix(&mut self, kind: Kind, length: usize) -> bool {
        let mut prefix = [kind as u8; PREFIX];
        prefix[1..].copy_from_slice(&(length as u64).to_le_bytes());
        self.put_whole(&prefix)
    }

    /// Writes these bytes; false if there is no room for all of them.
    pub fn put_whole(&mut self, bytes: &[u8]) -> bool {
        let Some(room) = self.0.room().get_mut(..bytes.len()) else { return false };
        room.copy_from_slice(bytes);
        self.publish(bytes.len());
        true
    }

    /// Writes the first of these bytes, and returns how many.
    pub fn put_piece(&mut self, bytes: &[u8]) -> usize {
        let room = self.0.room();
        let length = bytes.len().min(room.len()).min(PIECE);
        room[..length].copy_from_slice(&bytes[..length]);
        self.publish(length);
        length
    }

    fn publish(&self, length: usize) {
        let tail = &self.0.header().tail.0;
        tail.store(tail.load(Ordering::Relaxed) + length as u64, Ordering::Release);
    }

    /// Whether the reader sleeps, and has to be woken now.
    pub fn reader_sleeps(&self) -> bool {
        let sleeps = &self.0.header().reader_sleeps.0;
        // What was published comes before this question; the reader says that it sleeps
        // before it looks once more. One of the two sees the other.
        fence(Ordering::SeqCst);
        sleeps.load(Ordering::Relaxed) == 1 && sleeps.swap(0, Ordering::Relaxed) == 1
    }

    /// Sleeps until there may be room for so many bytes.
    pub fn sleep_until_room(&mut self, bytes: usize) {
        self.0.header().writer_sleeps.0.store(1, Ordering::SeqCst);
        if self.0.room().len() < bytes {
            let word = self.0.header().writer_sleeps.0.as_ptr();
            // SAFETY: the word is in memory that stays mapped; the kernel compares it
            // with 1, and sleeps if it is.
            unsafe { libc::syscall(libc::SYS_futex, word, libc::FUTEX_WAIT, 1, 0) };
        }
    }

    /// How many bytes were written: the place of the next one.
    pub fn place(&self) -> u64 {
        self.0.header().tail.0.load(Ordering::Relaxed)
    }

    /// Takes back what was written from a place on, which the reader must not have begun
    /// to read.
    pub fn rewind(&mut self, place: u64) {
        self.0.header().tail.0.store(place, Ordering::Release);
    }

    /// Lets the reader begin one chunk more.
    pub fn allow_chunk(&self) {
        self.0.header().chunks.0.fetch_add(1 << 32, Ordering::AcqRel);
    }

    /// Forbids the chunks that the reader has not begun, and says how many these are.
    pub fn forbid_chunks(&self) -> usize {
        let chunks = &self.0.header().chunks.0;
        let before = chunks.fetch_update(Ordering::AcqRel, Ordering::Acquire, |word| {
            let Chunks { begun, .. } = Chunks::from(word);
            Some(Chunks { allowed: begun, begun }.word())
        });
        let Chunks { allowed, begun } = before.map(Chunks::from).expect("it is always changed");
        allowed.wrapping_sub(begun) as usize
    }

    /// How many chunks the reader has begun. (After 2³² it starts again at 0.)
    pub fn chunks_begun(&self) -> u32 {
        Chunks::from(self.0.header().chunks.0.load(Ordering::Acquire)).begun
    }
}

/// The reader's side.
#[derive(Debug)]
pub struct Reader(Shared);

impl Reader {
    pub fn new(shared: Shared) -> Self {
        Self(shared)
    }

    /// What was written and not yet taken.
    pub fn written(&self) -> &[u8] {
        self.0.written()
    }

    /// The kind and the length of a large value, when they have come.
    ///
    /// # Errors
    /// If what stands there is none.
    pub fn take_prefix(&mut self) -> Result<(Kind, usize)> {
        let bytes = self.written().get(..PREFIX).context("a value without its length")?;
        let kind = Kind::from_byte(bytes[0]).context("a value of no known kind")?;
        let length = u64::from_le_bytes(bytes[1..].try_into()?) as usize;
        self.take(PREFIX)?;
        Ok((kind, length))
    }

    /// Gives back the room of the first bytes, and wakes a writer that waits for it.
    ///
    /// # Errors
    /// If the kernel refuses.
    pub fn take(&mut self, bytes: usize) -> Result<()> {
        let header = self.0.header();
        header.head.0.store(header.head.0.load(Ordering::Relaxed) + bytes as u64, Ordering::SeqCst);
        let sleeps = &header.writer_sleeps.0;
        if sleeps.load(Ordering::SeqCst) == 1 && sleeps.swap(0, Ordering::SeqCst) == 1 {
            // SAFETY: the word is in memory that stays mapped.
            let woken =
                unsafe { libc::syscall(libc::SYS_futex, sleeps.as_ptr(), libc::FUTEX_WAKE, 1) };
            Errno::result(woken).context("futex wake")?;
        }
        Ok(())
    }

    /// Says whether the reader sleeps, and wants to be told of what is new.
    pub fn sleep(&self, sleeps: bool) {
        self.0.header().reader_sleeps.0.store(sleeps.into(), Ordering::SeqCst);
    }

    /// Begins the next chunk; false if none is allowed.
    pub fn begin_chunk(&mut self) -> bool {
        let begun =
            self.0.header().chunks.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |word| {
                let Chunks { allowed, begun } = Chunks::from(word);
                (allowed != begun).then(|| Chunks { allowed, begun: begun.wrapping_add(1) }.word())
            });
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
