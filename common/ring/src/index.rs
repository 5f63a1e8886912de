//! Which side may write where: two counters of bytes.
//!
//! `published` counts the bytes that the sender has written, `consumed` those that the
//! receiver has read. Both only grow; a byte's place is its count modulo the ring's
//! size, a power of two. The bytes from `consumed` to `published` are the receiver's,
//! all others the sender's. Each side keeps its own counter in private memory and stores
//! a copy for the other; it checks what it reads of the other's counter.

use super::atomic::AtomicU64;
use super::atomic::Ordering::{Acquire, Release};
use super::bell::Bell;

/// Before each message is its length, and messages begin at multiples of this.
pub const STEP: usize = 8;

/// No ring ever carries more bytes. To a counter that is not above it, the length of a
/// message can be added without overflow.
const MOST: u64 = 1 << 63;

/// How many bytes of the ring a message of this length takes.
pub fn taken(length: usize) -> u64 {
    (STEP + length.next_multiple_of(STEP)) as u64
}

/// What both processes see. All zero in a new ring.
#[repr(C)]
pub struct Indices {
    published: Line<AtomicU64>,
    consumed: Line<AtomicU64>,
    bells: Line<Bells>,
}

/// A cache line of its own, and the neighbour that CPUs fetch with it: a write to one
/// counter does not take the other counter away from the other CPU.
#[repr(C, align(128))]
struct Line<T>(T);

#[repr(C)]
struct Bells {
    receiver: Bell,
    sender: Bell,
}

impl Indices {
    /// The bell that wakes the receiver.
    pub fn receiver(&self) -> &Bell {
        &self.bells.0.receiver
    }

    /// The bell that wakes the sender.
    pub fn sender(&self) -> &Bell {
        &self.bells.0.sender
    }

    #[cfg(test)]
    #[allow(dead_code)] // loom's tests make one, others map it.
    pub fn new() -> Self {
        Indices {
            published: Line(AtomicU64::new(0)),
            consumed: Line(AtomicU64::new(0)),
            bells: Line(Bells { receiver: Bell::new(), sender: Bell::new() }),
        }
    }
}

/// An invalid counter in the memory.
#[derive(Debug)]
pub struct Broken;

/// The sender's side.
#[derive(Debug)]
pub struct Writer {
    size: u64,
    published: u64,
    /// As last seen: it may have grown since.
    consumed: u64,
}

impl Writer {
    /// Continues where the last sender stopped.
    pub fn open(indices: &Indices, size: u64) -> Result<Self, Broken> {
        let (published, consumed) = both(indices, size)?;
        Ok(Writer { size, published, consumed })
    }

    /// Where the next message begins in the ring.
    pub fn place(&self) -> usize {
        (self.published & (self.size - 1)) as usize
    }

    /// Whether `taken` bytes from there on are the sender's.
    pub fn has_room(&mut self, indices: &Indices, taken: u64) -> Result<bool, Broken> {
        if self.free() < taken {
            let consumed = indices.consumed.0.load(Acquire);
            if self.published.wrapping_sub(consumed) > self.published - self.consumed {
                return Err(Broken);
            }
            self.consumed = consumed;
        }
        Ok(self.free() >= taken)
    }

    fn free(&self) -> u64 {
        self.size - (self.published - self.consumed)
    }

    /// Gives `taken` bytes to the receiver. Returns whether it must be woken.
    pub fn publish(&mut self, indices: &Indices, taken: u64) -> bool {
        self.published += taken;
        indices.published.0.store(self.published, Release);
        indices.receiver().must_ring()
    }
}

/// The receiver's side.
#[derive(Debug)]
pub struct Reader {
    size: u64,
    consumed: u64,
    /// As last seen: it may have grown since.
    published: u64,
}

impl Reader {
    /// Continues where the last receiver stopped.
    pub fn open(indices: &Indices, size: u64) -> Result<Self, Broken> {
        let (published, consumed) = both(indices, size)?;
        Ok(Reader { size, consumed, published })
    }

    /// Where the next message begins in the ring.
    pub fn place(&self) -> usize {
        (self.consumed & (self.size - 1)) as usize
    }

    /// How many bytes from there on are the receiver's. Looks into the memory only
    /// when all is read that was there the last time.
    pub fn unread(&mut self, indices: &Indices) -> Result<u64, Broken> {
        if self.published == self.consumed {
            let published = indices.published.0.load(Acquire);
            check(self.size, published, self.consumed)?;
            self.published = published;
        }
        Ok(self.unread_as_seen())
    }

    /// What [`unread`](Self::unread) has returned, less what was consumed since.
    pub fn unread_as_seen(&self) -> u64 {
        self.published - self.consumed
    }

    /// Gives `taken` bytes back to the sender. Returns whether it must be woken: a
    /// sleeping sender is woken twice in a round and when nothing is left, not for every
    /// message.
    pub fn consume(&mut self, indices: &Indices, taken: u64) -> bool {
        let before = self.consumed;
        self.consumed += taken;
        indices.consumed.0.store(self.consumed, Release);
        let half = |count| count / (self.size / 2);
        let worth_it = half(before) != half(self.consumed) || self.consumed == self.published;
        worth_it && indices.sender().must_ring()
    }
}

fn both(indices: &Indices, size: u64) -> Result<(u64, u64), Broken> {
    let consumed = indices.consumed.0.load(Acquire);
    let published = indices.published.0.load(Acquire);
    check(size, published, consumed)?;
    Ok((published, consumed))
}

fn check(size: u64, published: u64, consumed: u64) -> Result<(), Broken> {
    let unread = published.checked_sub(consumed).ok_or(Broken)?;
    let steps = published.is_multiple_of(STEP as u64) && unread.is_multiple_of(STEP as u64);
    if steps && unread <= size && published <= MOST { Ok(()) } else { Err(Broken) }
}
