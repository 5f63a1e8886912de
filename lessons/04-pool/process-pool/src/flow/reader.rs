//! The side that reads.

use std::sync::atomic::Ordering;

use anyhow::{Context, Result};
use ring::futex;

use super::{Chunks, Kind, PREFIX};
use crate::shared::Shared;

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
