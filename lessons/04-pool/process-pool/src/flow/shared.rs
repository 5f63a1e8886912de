//! Memory that two processes share, for bytes that flow from one to the other.
//!
//! It is a ring: byte number `n` of the flow is at place `n % CAPACITY`. `tail` is how many
//! bytes were written, `head` how many were released after reading. Only the writer changes
//! `tail`, only the reader changes `head`. The bytes between them belong to the reader, the
//! rest to the writer.

use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicU32, AtomicU64};

use anyhow::{Context, Result};
use common::proc::page_size;
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::unistd::ftruncate;
use ring::mapping::Mapping;

/// How many bytes the ring holds: a multiple of any page size.
pub const CAPACITY: usize = 4 << 20;

/// What the two sides tell each other.
#[repr(C)]
#[derive(Debug)]
pub struct Header {
    /// How many bytes were written.
    pub tail: Line<AtomicU64>,
    /// How many bytes were released.
    pub head: Line<AtomicU64>,
    /// Of tasks: which chunks may be begun, and which were; see [`super::Chunks`].
    pub chunks: Line<AtomicU64>,
    /// 1 while the reader sleeps and has to be woken for what is new.
    pub reader_sleeps: Line<AtomicU32>,
    /// 1 while the writer sleeps because the buffer is full.
    pub writer_sleeps: Line<AtomicU32>,
}

/// A value alone in its cache line, and the neighbour that CPUs fetch along.
#[repr(align(128))]
#[derive(Debug)]
pub struct Line<T>(pub T);

/// The shared memory, mapped into this process.
#[derive(Debug)]
pub struct Shared(Mapping);

impl Shared {
    /// New memory, all zero, and a descriptor for it.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn new() -> Result<(Self, OwnedFd)> {
        let memory = memfd_create(c"pool", MFdFlags::MFD_CLOEXEC).context("memfd_create")?;
        ftruncate(&memory, (page_size() + CAPACITY) as i64).context("ftruncate")?;
        Ok((Self::map(&memory)?, memory))
    }

    /// Maps the memory of a descriptor that [`Shared::new`] returned.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn map(memory: &OwnedFd) -> Result<Self> {
        Ok(Self(Mapping::of(memory, CAPACITY)?))
    }

    /// The page before the ring.
    #[inline]
    pub fn header(&self) -> &Header {
        // SAFETY: it is at the start of a page that is mapped as long as `self` lives; all of
        // it is atomic, and valid whatever its bytes are.
        unsafe { self.0.header().cast().as_ref() }
    }

    /// The bytes from `head` to `tail`.
    ///
    /// # Safety
    /// The caller is the only reader, has not released any byte from `head` on, and has
    /// loaded `tail` from the header.
    #[inline]
    pub unsafe fn written(&self, head: u64, tail: u64) -> &[u8] {
        let length = (tail.wrapping_sub(head) as usize).min(CAPACITY);
        // SAFETY: they are mapped as long as `self` lives, and the caller promises that they
        // are the reader's, so the writer does not change them.
        unsafe { self.0.ring(head as usize % CAPACITY, length).as_ref() }
    }

    /// The free bytes from `tail` on.
    ///
    /// # Safety
    /// The caller is the only writer, has published no byte from `tail` on, and has loaded
    /// `head` from the header.
    #[inline]
    pub unsafe fn space(&mut self, head: u64, tail: u64) -> &mut [u8] {
        let length = CAPACITY.saturating_sub(tail.wrapping_sub(head) as usize);
        // SAFETY: they are mapped as long as `self` lives, and the caller promises that they
        // are the writer's, so the reader does not look at them.
        unsafe { self.0.ring(tail as usize % CAPACITY, length).as_mut() }
    }
}
