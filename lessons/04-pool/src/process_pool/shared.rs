//! Memory that two processes share, for bytes that flow from one to the other.
//!
//! It is a ring: byte number `n` of the flow stands at place `n % CAPACITY`. `tail` is
//! how many bytes were written, `head` how many were read. Only the writer moves
//! `tail`, only the reader moves `head`. What is between them belongs to the reader,
//! the rest to the writer. The ring is mapped twice, one after the other, so that any
//! part of it lies in one piece.

use std::num::NonZeroUsize;
use std::os::fd::{AsFd, OwnedFd};
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU32, AtomicU64};

use anyhow::{Context, Result};
use nix::libc::c_void;
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::sys::mman::{MapFlags, ProtFlags, mmap, mmap_anonymous, munmap};
use nix::unistd::ftruncate;

/// How many bytes the ring holds: a multiple of the page size.
pub const CAPACITY: usize = 4 << 20;

/// What stands before the ring takes a page.
const PAGE: usize = 4096;

/// What both sides say to each other.
#[repr(C)]
#[derive(Debug)]
pub struct Header {
    /// How many bytes were written.
    pub tail: Line<AtomicU64>,
    /// How many bytes were read.
    pub head: Line<AtomicU64>,
    /// Of tasks: which chunks may be begun, and which were; see `flow::Chunks`.
    pub chunks: Line<AtomicU64>,
    /// 1 while the reader sleeps and wants to be told of what is new.
    pub reader_sleeps: Line<AtomicU32>,
    /// 1 while the writer sleeps because there is no room.
    pub writer_sleeps: Line<AtomicU32>,
}

/// A value alone in its cache line: two processes write to different ones at a time.
#[repr(align(64))]
#[derive(Debug)]
pub struct Line<T>(pub T);

/// The shared memory, mapped into this process.
#[derive(Debug)]
pub struct Shared {
    start: NonNull<c_void>,
}

// SAFETY: the mapping stays where it is until it is dropped, and what is in it is
// atomic, or belongs to one side at a time by the rule above.
unsafe impl Send for Shared {}

impl Shared {
    /// New memory, all zero, and a descriptor for it.
    ///
    /// # Errors
    /// If the system does not give it.
    pub fn new() -> Result<(Self, OwnedFd)> {
        let memory = memfd_create(c"pool", MFdFlags::MFD_CLOEXEC).context("memfd_create")?;
        ftruncate(&memory, (PAGE + CAPACITY) as i64).context("ftruncate")?;
        Ok((Self::map(&memory)?, memory))
    }

    /// Maps the memory that a descriptor of [`Shared::new`] stands for.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn map(memory: &impl AsFd) -> Result<Self> {
        let whole = NonZeroUsize::new(PAGE + 2 * CAPACITY).expect("it is more than 0");
        // SAFETY: the kernel chooses the place, so nothing else is there.
        let start =
            unsafe { mmap_anonymous(None, whole, ProtFlags::PROT_NONE, MapFlags::MAP_PRIVATE) };
        let shared = Self { start: start.context("mmap")? };
        shared.map_part(memory, 0, PAGE + CAPACITY, 0)?;
        shared.map_part(memory, PAGE + CAPACITY, CAPACITY, PAGE)?;
        Ok(shared)
    }

    /// Maps a part of the memory to a place in what was reserved.
    fn map_part(&self, memory: &impl AsFd, place: usize, length: usize, from: usize) -> Result<()> {
        let address = self.start.addr().checked_add(place).context("an address")?;
        let length = NonZeroUsize::new(length).context("a length")?;
        let access = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
        let flags = MapFlags::MAP_SHARED | MapFlags::MAP_FIXED;
        // SAFETY: this part of the address space was reserved for it, and is in no use.
        unsafe { mmap(Some(address), length, access, flags, memory, from as i64) }
            .context("mmap")?;
        Ok(())
    }

    /// What stands before the ring.
    #[inline]
    pub fn header(&self) -> &Header {
        // SAFETY: it lies at the start of a page that is mapped as long as `self` lives;
        // all of it is atomic, and any bytes are a value of it.
        unsafe { self.start.cast().as_ref() }
    }

    /// The bytes from `head` to `tail`. For the reader only, who has not read them yet.
    #[inline]
    pub fn written(&self, head: u64, tail: u64) -> &[u8] {
        let length = (tail.wrapping_sub(head) as usize).min(CAPACITY);
        // SAFETY: `place` gives a place from which CAPACITY bytes are mapped, and not
        // more are used; they are the reader's, who is asked to call this.
        unsafe { std::slice::from_raw_parts(self.place(head), length) }
    }

    /// The place for bytes behind `tail`, if all before `head` were read. For the writer
    /// only.
    #[inline]
    pub fn room(&mut self, head: u64, tail: u64) -> &mut [u8] {
        let length = CAPACITY.saturating_sub(tail.wrapping_sub(head) as usize);
        // SAFETY: as above; they are the writer's, who is asked to call this.
        unsafe { std::slice::from_raw_parts_mut(self.place(tail), length) }
    }

    /// Where byte `number` of the flow stands.
    #[inline]
    fn place(&self, number: u64) -> *mut u8 {
        let offset = PAGE + number as usize % CAPACITY;
        // SAFETY: this is within the mapping, and so are CAPACITY bytes behind it.
        unsafe { self.start.cast::<u8>().add(offset) }.as_ptr()
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        // SAFETY: nobody has a reference into it any more.
        let given_back = unsafe { munmap(self.start, PAGE + 2 * CAPACITY) };
        debug_assert_eq!(given_back, Ok(()));
    }
}
