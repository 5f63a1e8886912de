//! The side that reads.

use std::sync::atomic::Ordering;

use ring::futex;

use super::Shared;
use super::shared::CAPACITY;
use super::value::Prefix;

/// How many bytes the reader releases at once. Releasing each value by itself would take a
/// cache line from the writer each time.
const RELEASE: u64 = 1 << 16;

/// How many bytes of values are taken at once, if one value is not larger: what fits into a
/// CPU's own cache.
const BATCH: usize = 1 << 16;

/// For how many bytes of a value that has not arrived as a whole there is memory from the
/// first. If it is larger, its memory grows with it.
const RESERVE: usize = 1 << 26;

/// The reader's side.
#[derive(Debug)]
pub struct Reader {
    shared: Shared,
    /// How many bytes it has read, and how many of these it has released.
    head: u64,
    released: u64,
    /// How many bytes were written when it last looked. It looks again when it needs more,
    /// because looking takes a cache line from the writer.
    tail: u64,
    /// How many bytes are missing of a value that has been taken in part.
    missing: usize,
}

/// What was written is not what a writer writes.
#[derive(Debug)]
pub struct Nonsense;

impl Reader {
    pub fn new(shared: Shared) -> Self {
        Self { shared, head: 0, released: 0, tail: 0, missing: 0 }
    }

    /// Looks whether more was written since it last looked.
    #[inline]
    pub fn look(&mut self) -> bool {
        let tail = self.shared.header().tail.0.load(Ordering::Acquire);
        tail != std::mem::replace(&mut self.tail, tail)
    }

    /// Whether there is something that was not taken yet.
    pub fn has_more(&mut self) -> bool {
        self.look();
        self.tail != self.head
    }

    /// Takes at most `limit` values, those that have arrived as a whole, and appends them to
    /// `values`. If not even the first has, it appends what is there of it, and the next call
    /// continues with this value. Returns how many values are complete now.
    ///
    /// # Errors
    /// If what has arrived cannot be values.
    pub fn take(&mut self, limit: usize, values: &mut Vec<u8>) -> Result<usize, Nonsense> {
        let available = self.available()?;
        let (mut taken, mut length) = (0, 0);
        while taken < limit && length < BATCH {
            if self.missing == 0 {
                let Some(prefix) = self.prefix(length, available)? else { break };
                let whole = Prefix::LENGTH.checked_add(prefix.length).ok_or(Nonsense)?;
                if whole > available - length {
                    if taken > 0 {
                        break;
                    }
                    // A length that is not true must not cost the memory for it.
                    values.reserve_exact(whole.min(RESERVE));
                }
                self.missing = whole;
            }
            let piece = self.missing.min(available - length);
            self.missing -= piece;
            length += piece;
            if self.missing > 0 {
                break;
            }
            taken += 1;
        }
        // SAFETY: these bytes were written, and this is the only reader.
        unsafe { self.shared.read(self.head, length, values) };
        self.consume(length);
        Ok(taken)
    }

    /// Takes `LENGTH` bytes that are not a value; `None` if they have not arrived yet.
    ///
    /// # Errors
    /// As [`take`](Self::take).
    pub fn take_bytes<const LENGTH: usize>(&mut self) -> Result<Option<[u8; LENGTH]>, Nonsense> {
        self.look();
        let bytes = self.bytes(0, self.available()?);
        if bytes.is_some() {
            self.consume(LENGTH);
        }
        Ok(bytes)
    }

    /// How many bytes are known to be there. The writer is not believed that there are more
    /// than the memory holds.
    #[inline]
    fn available(&self) -> Result<usize, Nonsense> {
        let available = self.tail.wrapping_sub(self.head);
        if available <= CAPACITY as u64 { Ok(available as usize) } else { Err(Nonsense) }
    }

    #[inline]
    fn prefix(&self, place: usize, available: usize) -> Result<Option<Prefix>, Nonsense> {
        let Some(bytes) = self.bytes(place, available) else { return Ok(None) };
        Prefix::from_bytes(bytes).map(Some).ok_or(Nonsense)
    }

    /// `LENGTH` bytes at a place after the head, if they are available.
    #[inline]
    fn bytes<const LENGTH: usize>(&self, place: usize, available: usize) -> Option<[u8; LENGTH]> {
        // SAFETY: these bytes were written, and this is the only reader.
        (available - place >= LENGTH)
            .then(|| unsafe { self.shared.read_array(self.head + place as u64) })
    }

    /// Removes the first bytes.
    #[inline]
    fn consume(&mut self, bytes: usize) {
        self.head += bytes as u64;
        if self.head - self.released >= RELEASE {
            self.release();
        }
    }

    /// Releases the space of what was consumed, and wakes a writer that waits for it.
    fn release(&mut self) {
        self.released = self.head;
        let header = self.shared.header();
        header.head.0.store(self.head, Ordering::Release);
        if header.writer.0.must_ring() {
            futex::wake(header.writer.0.word());
        }
    }

    /// Says that the reader is about to sleep, so the writer has to wake it. Before it sleeps,
    /// it must look once more.
    pub fn will_sleep(&self) {
        self.shared.header().reader.0.will_sleep();
    }

    /// Says that the reader does not sleep any more.
    pub fn is_awake(&self) {
        self.shared.header().reader.0.is_awake();
    }

    /// Begins the next chunk; false if none is allowed.
    pub fn begin_chunk(&mut self) -> bool {
        let begun = self.shared.header().chunks.0.begin();
        // What it saw after the last chunk may have been revoked and written over.
        self.tail = self.head;
        begun
    }
}
