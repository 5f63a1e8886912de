//! Values on their way between the parent and a worker, through memory that both share.
//! What was written survives the writer, whenever it dies.
//!
//! Tasks come in chunks. The parent sets how many the worker may begin, the worker counts
//! those that it has begun.

/// The atomics of `chunks`: in a test they are loom's.
mod atomic {
    pub use std::sync::atomic::{AtomicU64, Ordering};
}
mod chunks;
#[cfg(test)]
mod loom;
mod reader;
mod shared;
mod stack;
pub mod value;
mod writer;

pub use reader::Reader;
pub use shared::Shared;
pub use value::Kind;
pub use writer::Writer;

/// What precedes the arguments of a chunk.
#[derive(Clone, Copy)]
pub struct ChunkHeader {
    /// The index of the function in the pool's list.
    pub function: u32,
    /// How many tasks the chunk has.
    pub count: u32,
}

impl ChunkHeader {
    pub fn to_bytes(self) -> [u8; 8] {
        (u64::from(self.function) << 32 | u64::from(self.count)).to_le_bytes()
    }

    pub fn from_bytes(bytes: [u8; 8]) -> Self {
        let word = u64::from_le_bytes(bytes);
        Self { function: (word >> 32) as u32, count: word as u32 }
    }
}
