//! The side that reads.

use std::sync::atomic::{Ordering, fence};

use anyhow::{Context, Result};
use ring::futex;

use super::{Chunks, Kind, PREFIX, Shared};

/// How many bytes the reader releases at once. Releasing each value by itself would take a
/// cache line from the writer each time.
const RELEASE: u64 = 1 << 16;

/// The reader's side.
#[derive(Debug)]
pub struct Reader {
    shared: Shared,
    /// How many bytes it has read, and how many of these it has released.
    head: u64,
    released: u64,
    /// How many bytes were written when it last looked. It looks again when it has read
    /// all of them, because looking takes a cache line from the writer.
    tail: u64,
    /// The kind and length of a large value, and the bytes of it that have arrived.
    large: Option<(Kind, usize, Vec<u8>)>,
}

impl Reader {
    pub fn new(shared: Shared) -> Self {
        Self { shared, head: 0, released: 0, tail: 0, large: None }
    }

    /// The bytes that were written and not consumed yet; without the last ones, if more
    /// arrived since it looked.
    #[inline]
    pub fn available(&mut self) -> &[u8] {
        if self.tail == self.head {
            self.tail = self.shared.header().tail.0.load(Ordering::Acquire);
        }
        // SAFETY: this is the only reader, it has not released `head` and what follows, and
        // the tail was loaded from the header.
        unsafe { self.shared.written(self.head, self.tail) }
    }

    /// Removes the first bytes.
    #[inline]
    pub fn consume(&mut self, bytes: usize) {
        self.head += bytes as u64;
        if self.head - self.released >= RELEASE {
            self.release();
        }
    }

    /// Releases the space of what was consumed, and wakes a writer that waits for it.
    fn release(&mut self) {
        self.released = self.head;
        let header = self.shared.header();
        header.head.0.store(self.head, Ordering::SeqCst);
        let sleeps = &header.writer_sleeps.0;
        if sleeps.load(Ordering::SeqCst) == 1 && sleeps.swap(0, Ordering::SeqCst) == 1 {
            futex::wake(sleeps);
        }
    }

    /// The available bytes, if they begin with a small value.
    #[inline]
    pub fn small(&mut self) -> Option<&[u8]> {
        let in_large = self.large.is_some();
        let bytes = self.available();
        (!in_large && bytes.first() == Some(&(Kind::Small as u8))).then_some(bytes)
    }

    /// Takes what has arrived of a large value. Returns the value when it is complete.
    ///
    /// # Errors
    /// If the available bytes do not begin with a value.
    pub fn take_large(&mut self) -> Result<Option<(Kind, Vec<u8>)>> {
        let (kind, length, mut bytes) = match self.large.take() {
            Some(large) => large,
            None => {
                let prefix = self.available().first_chunk::<PREFIX>();
                let [kind, length @ ..] = *prefix.context("a value without its length")?;
                self.consume(PREFIX);
                let kind = Kind::from_byte(kind).context("a value of no known kind")?;
                let length = u64::from_le_bytes(length) as usize;
                (kind, length, Vec::with_capacity(length))
            }
        };
        let available = self.available();
        let piece = available.len().min(length - bytes.len());
        bytes.extend_from_slice(&available[..piece]);
        self.consume(piece);
        if bytes.len() == length {
            return Ok(Some((kind, bytes)));
        }
        self.large = Some((kind, length, bytes));
        Ok(None)
    }

    /// Sets whether the reader sleeps, and the writer has to wake it. After it has set this,
    /// and before it sleeps, it must look once more.
    pub fn set_sleeps(&self, sleeps: bool) {
        self.shared.header().reader_sleeps.0.store(sleeps.into(), Ordering::SeqCst);
        // Before it looks: the fence of `Writer::wake_reader` pairs with this one.
        fence(Ordering::SeqCst);
    }

    /// Begins the next chunk; false if none is allowed.
    pub fn begin_chunk(&mut self) -> bool {
        let chunks = &self.shared.header().chunks.0;
        let begun = chunks.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |word| {
            let Chunks { allowed, begun } = Chunks::from_word(word);
            (allowed != begun).then(|| Chunks { allowed, begun: begun.wrapping_add(1) }.to_word())
        });
        // What it saw after the last chunk may have been revoked and written over.
        self.tail = self.head;
        begun.is_ok()
    }
}
