//! Where a file is mapped that two processes share: a page for what they say to each
//! other, and a ring for bytes that flow from one to the other. The ring is mapped twice, one after the other, so
//! that a message that goes over its end is in one piece all the same:
//!
//! ```text
//!    file:   | header |    ring    |
//!    memory: | header |    ring    | ring again |
//! ```

use std::num::NonZeroUsize;
use std::os::fd::OwnedFd;
use std::ptr::NonNull;

use anyhow::{Context, Result};
use nix::libc::{self, c_void};
use nix::sys::mman::{MapFlags, ProtFlags, mmap, mmap_anonymous, munmap};

/// The place in this process's memory. It may be another in the other process.
#[derive(Debug)]
pub struct Mapping {
    start: NonNull<c_void>,
    /// In bytes: of the header, and of the ring.
    page: usize,
    size: usize,
}

// SAFETY: the mapping belongs to the process, not to a thread.
unsafe impl Send for Mapping {}

impl Mapping {
    /// Maps a file of a page and `size` bytes, which is a multiple of pages.
    pub fn of(file: &OwnedFd, size: usize) -> Result<Self> {
        let length = |bytes| NonZeroUsize::new(bytes).context("a ring has a size");
        let (none, whole) = (ProtFlags::PROT_NONE, length(page() + 2 * size)?);
        // Room for all of it first, so that the parts come to lie side by side.
        // SAFETY: the kernel chooses the place, so nothing else is there.
        let start = unsafe { mmap_anonymous(None, whole, none, MapFlags::MAP_PRIVATE) };
        let mapping = Mapping { start: start.context("mmap")?, page: page(), size };

        let access = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
        let flags = MapFlags::MAP_SHARED | MapFlags::MAP_FIXED;
        let (once, place) = (length(page() + size)?, mapping.start.addr());
        // SAFETY: what it replaces is the room that was just taken.
        unsafe { mmap(Some(place), once, access, flags, file, 0) }.context("mmap")?;
        let (again, place) = (length(size)?, place.saturating_add(page() + size));
        // SAFETY: the same, and it ends where the room ends.
        unsafe { mmap(Some(place), again, access, flags, file, page() as i64) }.context("mmap")?;
        Ok(mapping)
    }

    /// The first page.
    #[inline]
    pub fn header(&self) -> NonNull<c_void> {
        self.start
    }

    /// The size of the ring, in bytes.
    #[inline]
    pub fn size(&self) -> usize {
        self.size
    }

    /// So many bytes of the ring from a place in it on, also over its end.
    ///
    /// # Panics
    /// If the place is not in the ring, or there are more bytes than it has.
    #[inline]
    pub fn ring(&self, place: usize, length: usize) -> NonNull<[u8]> {
        assert!(place < self.size && length <= self.size, "{length} bytes at {place}");
        // SAFETY: a page and twice the size are mapped, and this is less.
        let start = unsafe { self.start.cast::<u8>().add(self.page + place) };
        NonNull::slice_from_raw_parts(start, length)
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: nobody has a reference into it: they borrow it.
        let given_back = unsafe { munmap(self.start, self.page + 2 * self.size) };
        debug_assert_eq!(given_back, Ok(()));
    }
}

/// The size of a page, in bytes.
pub fn page() -> usize {
    // SAFETY: it only asks.
    unsafe { libc::sysconf(libc::_SC_PAGESIZE) as usize }
}
