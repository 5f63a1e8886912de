//! The memory that both processes see: a file without a name, mapped by each.
//!
//! A page with the counters comes first, then the ring. It is mapped twice, one after
//! the other, so that a message that goes over the end is in one piece all the same:
//!
//! ```text
//!    file:   | header |    ring    |
//!    memory: | header |    ring    | ring again |
//! ```

use std::num::NonZeroUsize;
use std::os::fd::OwnedFd;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use anyhow::{Context, Result, ensure};
use nix::fcntl::{FcntlArg, SealFlag, fcntl};
use nix::libc::{self, c_void};
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::sys::mman::{MapFlags, ProtFlags, mmap, mmap_anonymous, munmap};
use nix::sys::stat::fstat;
use nix::unistd::ftruncate;

use super::index::{Indices, taken};

/// Tells a ring from other files, and this layout from others.
const MAGIC: u64 = u64::from_be_bytes(*b"ring  01");

#[repr(C)]
struct Header {
    magic: AtomicU64,
    capacity: AtomicU64,
    indices: Indices,
}

/// The file and where it is mapped.
#[derive(Debug)]
pub struct Memory {
    file: OwnedFd,
    start: NonNull<c_void>,
    /// Of the header, a page; of the ring; the longest message, in bytes.
    page: usize,
    size: usize,
    capacity: usize,
}

// SAFETY: the mapping belongs to the process, not to a thread.
unsafe impl Send for Memory {}

impl Memory {
    /// A new ring for messages of up to so many bytes.
    pub fn create(capacity: usize) -> Result<Self> {
        ensure!(capacity <= 1 << 40, "a ring for messages of {capacity} bytes");
        let size = (taken(capacity) as usize).next_power_of_two().max(page());
        let flags = MFdFlags::MFD_CLOEXEC | MFdFlags::MFD_ALLOW_SEALING;
        let file = memfd_create(c"ring", flags).context("memfd_create")?;
        ftruncate(&file, (page() + size) as i64).context("ftruncate")?;
        // Who shortened the file would let the other process die of SIGBUS.
        fcntl(&file, FcntlArg::F_ADD_SEALS(seals())).context("fcntl(F_ADD_SEALS)")?;

        let memory = Memory::map(file, page(), size, capacity)?;
        let header = memory.header();
        header.capacity.store(capacity as u64, Relaxed);
        header.magic.store(MAGIC, Relaxed);
        Ok(memory)
    }

    /// The ring in a file that another process has made.
    ///
    /// # Errors
    /// If the file is no ring.
    pub fn open(file: OwnedFd) -> Result<Self> {
        let flags = fcntl(&file, FcntlArg::F_GET_SEALS).context("no ring: fcntl(F_GET_SEALS)")?;
        let sealed = SealFlag::from_bits_truncate(flags).contains(seals());
        ensure!(sealed, "no ring: its size may change");
        let length = fstat(&file).context("fstat")?.st_size as usize;
        let size = length.saturating_sub(page());
        ensure!(size.is_power_of_two() && size >= page(), "no ring: a file of {length} bytes");

        let mut memory = Memory::map(file, page(), size, 0)?;
        let magic = memory.header().magic.load(Relaxed);
        let capacity = memory.header().capacity.load(Relaxed);
        ensure!(magic == MAGIC, "no ring: it begins with {magic:#x}");
        let fits = capacity < size as u64 && taken(capacity as usize) <= size as u64;
        ensure!(fits, "no ring: messages of {capacity} bytes in {size}");
        memory.capacity = capacity as usize;
        Ok(memory)
    }

    /// The same ring, mapped once more.
    pub fn again(&self) -> Result<Self> {
        Memory::open(self.file.try_clone().context("dup")?)
    }

    /// The file, for another program.
    pub fn file(&self) -> Result<OwnedFd> {
        self.file.try_clone().context("dup")
    }

    fn map(file: OwnedFd, page: usize, size: usize, capacity: usize) -> Result<Self> {
        let once = NonZeroUsize::new(page + size).context("a page has a size")?;
        let ring = NonZeroUsize::new(size).context("a ring has a size")?;
        let whole = NonZeroUsize::new(page + 2 * size).context("a page has a size")?;
        // Room for all of it first, so that the parts come to lie side by side.
        // SAFETY: the kernel chooses the place, so nothing else is there.
        let start =
            unsafe { mmap_anonymous(None, whole, ProtFlags::PROT_NONE, MapFlags::MAP_PRIVATE) };
        let memory = Memory { file, start: start.context("mmap")?, page, size, capacity };
        let access = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
        let flags = MapFlags::MAP_SHARED | MapFlags::MAP_FIXED;
        // SAFETY: what it replaces is the room that was just taken.
        unsafe { mmap(Some(memory.start.addr()), once, access, flags, &memory.file, 0) }
            .context("mmap")?;
        let again = memory.start.addr().saturating_add(page + size);
        // SAFETY: the same, and it ends where the room ends.
        unsafe { mmap(Some(again), ring, access, flags, &memory.file, page as i64) }
            .context("mmap")?;
        Ok(memory)
    }

    fn header(&self) -> &Header {
        // SAFETY: it is in a page that is mapped as long as `self` is, and consists of
        // atomics, for which any bytes will do, whoever writes them.
        unsafe { self.start.cast().as_ref() }
    }

    /// The counters and bells.
    pub fn indices(&self) -> &Indices {
        &self.header().indices
    }

    /// The size of the ring, in bytes.
    pub fn size(&self) -> usize {
        self.size
    }

    /// The longest message, in bytes.
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// So many bytes of the ring from a place in it on, also over its end.
    ///
    /// # Panics
    /// If the place is not in the ring, or there are more bytes than it has.
    pub fn ring(&self, place: usize, length: usize) -> NonNull<[u8]> {
        assert!(place < self.size && length <= self.size, "{length} bytes at {place}");
        // SAFETY: `page + 2 * size` bytes are mapped, and this is less.
        let start = unsafe { self.start.cast::<u8>().add(self.page + place) };
        NonNull::slice_from_raw_parts(start, length)
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        // SAFETY: nobody has a reference into it: they borrow `self`.
        let given_back = unsafe { munmap(self.start, self.page + 2 * self.size) };
        debug_assert_eq!(given_back, Ok(()));
    }
}

fn seals() -> SealFlag {
    SealFlag::F_SEAL_SHRINK | SealFlag::F_SEAL_GROW | SealFlag::F_SEAL_SEAL
}

fn page() -> usize {
    // SAFETY: it only asks.
    unsafe { libc::sysconf(libc::_SC_PAGESIZE) as usize }
}
