//! Values on their way between the parent and a worker, through memory that both share.
//! What was written survives the writer, whenever it dies.
//!
//! A value is a byte that says its kind and, but for a small one, a length of 8 bytes;
//! then its bytes. A small one is there as a whole or not at all.

//!
//! Tasks come in chunks. The parent says how many the worker may begin, the worker how
//! many it has begun.

mod reader;
mod room;
mod writer;

pub use reader::Reader;
pub use room::Put;
pub use writer::Writer;

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
