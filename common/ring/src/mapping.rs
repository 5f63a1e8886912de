//! Where a file is mapped that two processes share: a page for their counters, and a ring
//! for the bytes that flow from one process to the other. The ring is mapped twice, one
//! copy after the other, so that a message that crosses its end is still in one piece:
//!
//! ```text
//!    file:   | header |    ring    |
//!    memory: | header |    ring    | ring again |
//! ```

use std::ffi::CStr;
use std::num::NonZeroUsize;
use std::os::fd::OwnedFd;
use std::ptr::NonNull;

use common::proc::page_size;
use nix::fcntl::{FcntlArg, SealFlag, fcntl};
use nix::libc::c_void;
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::sys::mman::{MapFlags, ProtFlags, mmap, mmap_anonymous, munmap};
use nix::sys::resource::{Resource, getrlimit};
use nix::unistd::ftruncate;

use crate::Error;

/// A new file of `size` bytes, all zero, that is only in memory and has no path. It is closed
/// on exec, and its size cannot change: [`is_sealed`].
///
/// # Errors
/// [`Error::FileSize`] if this process may not write such large files, or if the system
/// refuses.
pub fn memory_file(name: &CStr, size: usize) -> Result<OwnedFd, Error> {
    // The kernel would not only refuse it, but send SIGXFSZ, which ends the process.
    let (limit, _) = getrlimit(Resource::RLIMIT_FSIZE).map_err(Error::of("getrlimit"))?;
    if size as u64 > limit {
        return Err(Error::FileSize { size, limit });
    }
    let flags = MFdFlags::MFD_CLOEXEC | MFdFlags::MFD_ALLOW_SEALING;
    let file = memfd_create(name, flags).map_err(Error::of("memfd_create"))?;
    ftruncate(&file, size as i64).map_err(Error::of("ftruncate"))?;
    // Truncating the file would kill the other process with SIGBUS.
    fcntl(&file, FcntlArg::F_ADD_SEALS(seals())).map_err(Error::of("fcntl(F_ADD_SEALS)"))?;
    Ok(file)
}

/// Whether no process can change the size of the file.
pub fn is_sealed(file: &OwnedFd) -> bool {
    let flags = fcntl(file, FcntlArg::F_GET_SEALS).unwrap_or(0);
    SealFlag::from_bits_truncate(flags).contains(seals())
}

fn seals() -> SealFlag {
    SealFlag::F_SEAL_SHRINK | SealFlag::F_SEAL_GROW | SealFlag::F_SEAL_SEAL
}

/// The place in this process's memory. It may differ from that in the other process.
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
    /// Maps a file of a page and `size` bytes, a multiple of the page size.
    ///
    /// # Errors
    /// If the system refuses.
    ///
    /// # Panics
    /// If `size` is 0.
    pub fn of(file: &OwnedFd, size: usize) -> Result<Self, Error> {
        let length = |bytes| NonZeroUsize::new(bytes).expect("a ring has a size");
        let (none, whole) = (ProtFlags::PROT_NONE, length(page_size() + 2 * size));
        // Reserves the addresses for all parts first, so that they are adjacent.
        // SAFETY: the kernel chooses the place, so nothing else is there.
        let start = unsafe { mmap_anonymous(None, whole, none, MapFlags::MAP_PRIVATE) };
        let mapping = Mapping { start: start.map_err(Error::of("mmap"))?, page: page_size(), size };

        let access = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
        let flags = MapFlags::MAP_SHARED | MapFlags::MAP_FIXED;
        let (once, place) = (length(page_size() + size), mapping.start.addr());
        // SAFETY: it replaces a part of what was just reserved.
        unsafe { mmap(Some(place), once, access, flags, file, 0) }.map_err(Error::of("mmap"))?;
        let (again, place) = (length(size), place.saturating_add(page_size() + size));
        // SAFETY: as above, and it ends where the reserved addresses end.
        unsafe { mmap(Some(place), again, access, flags, file, page_size() as i64) }
            .map_err(Error::of("mmap"))?;
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

    /// `length` bytes of the ring from `place` on, even across its end.
    ///
    /// # Panics
    /// If the place is not in the ring, or the ring is shorter than `length`.
    #[inline]
    pub fn ring(&self, place: usize, length: usize) -> NonNull<[u8]> {
        assert!(place < self.size && length <= self.size, "{length} bytes at {place}");
        // SAFETY: a page and twice the size are mapped, and this is within them.
        let start = unsafe { self.start.cast::<u8>().add(self.page + place) };
        NonNull::slice_from_raw_parts(start, length)
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: no reference into it is left: references borrow `self`.
        let unmapped = unsafe { munmap(self.start, self.page + 2 * self.size) };
        debug_assert_eq!(unmapped, Ok(()));
    }
}
