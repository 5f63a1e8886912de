//! The memory that both processes see: a file without a name.
//!
//! ```text
//!             header, a page                   the ring, a power of two
//!    ┌───────────────────────────────┬─────────────────────────────────────────────┐
//!    │ published   consumed   bells  │  free  │ 4 pear.... │ 3 fig..... │   free    │
//!    └───────────────────────────────┴─────────────────────────────────────────────┘
//!                                             ▲                         ▲
//!                                consumed, modulo the size    published, modulo the size
//! ```

use std::os::fd::OwnedFd;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use common::proc::page_size;
use nix::sys::stat::fstat;

use crate::Error;
use crate::fds::duplicate;
use crate::index::{Indices, taken};
use crate::mapping::{Mapping, is_sealed, memory_file};

/// Distinguishes a ring from other files, and this layout from others.
const MAGIC: u64 = u64::from_be_bytes(*b"ring  01");

#[repr(C)]
struct Header {
    magic: AtomicU64,
    capacity: AtomicU64,
    indices: Indices,
}

/// The file, and where it is mapped.
#[derive(Debug)]
pub struct Memory {
    file: OwnedFd,
    mapping: Mapping,
    /// The longest message, in bytes.
    capacity: usize,
}

impl Memory {
    /// A new ring for messages of up to `capacity` bytes.
    pub fn create(capacity: usize) -> Result<Self, Error> {
        if capacity > 1 << 40 {
            return Err(Error::Capacity(capacity));
        }
        let size = (taken(capacity) as usize).next_power_of_two().max(page_size());
        let file = memory_file(c"ring", page_size() + size)?;
        let mapping = Mapping::of(&file, size)?;
        let memory = Memory { file, mapping, capacity };
        let header = memory.header();
        header.capacity.store(capacity as u64, Relaxed);
        header.magic.store(MAGIC, Relaxed);
        Ok(memory)
    }

    /// The ring in a file that another process has made.
    ///
    /// # Errors
    /// [`Error::NotARing`] if the file is not a ring.
    pub fn open(file: OwnedFd) -> Result<Self, Error> {
        if !is_sealed(&file) {
            return Err(Error::NotARing("its size may change"));
        }
        let length = fstat(&file).map_err(Error::of("fstat"))?.st_size as usize;
        let size = length.saturating_sub(page_size());
        if !size.is_power_of_two() || size < page_size() {
            return Err(Error::NotARing("no ring has its size"));
        }

        let mapping = Mapping::of(&file, size)?;
        let mut memory = Memory { file, mapping, capacity: 0 };
        let magic = memory.header().magic.load(Relaxed);
        let capacity = memory.header().capacity.load(Relaxed);
        if magic != MAGIC {
            return Err(Error::NotARing("it begins with another number"));
        }
        if capacity >= size as u64 || taken(capacity as usize) > size as u64 {
            return Err(Error::NotARing("its longest message would not fit"));
        }
        memory.capacity = capacity as usize;
        Ok(memory)
    }

    /// The same ring, mapped once more.
    pub fn try_clone(&self) -> Result<Self, Error> {
        Memory::open(self.file()?)
    }

    /// Another descriptor for the file.
    pub fn file(&self) -> Result<OwnedFd, Error> {
        duplicate(&self.file)
    }

    fn header(&self) -> &Header {
        // SAFETY: it is in a page that is mapped as long as `self` lives, and consists of
        // atomics, for which any bytes are valid, even if another process writes them.
        unsafe { self.mapping.header().cast().as_ref() }
    }

    /// The counters and bells.
    pub fn indices(&self) -> &Indices {
        &self.header().indices
    }

    /// The longest message, in bytes.
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// The size of the ring, in bytes.
    pub fn size(&self) -> usize {
        self.mapping.size()
    }

    /// As [`Mapping::ring`].
    pub fn ring(&self, place: usize, length: usize) -> NonNull<[u8]> {
        self.mapping.ring(place, length)
    }
}
