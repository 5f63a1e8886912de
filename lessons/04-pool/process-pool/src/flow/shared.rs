//! Memory that two processes share, for bytes that flow from one to the other.
//!
//! It is a ring: byte number `n` of the flow is at place `n % CAPACITY`. `tail` is how many
//! bytes were written, `head` how many were released after reading. Only the writer changes
//! `tail`, only the reader changes `head`. The bytes between them belong to the reader, the
//! rest to the writer.

use std::os::fd::OwnedFd;
use std::ptr;
use std::sync::atomic::AtomicU64;

use common::proc::page_size;
use ring::Error;
use ring::bell::Bell;
use ring::mapping::{Mapping, memory_file};

use super::chunks::Chunks;

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
    /// Of tasks: how many chunks may be begun, and how many were.
    pub chunks: Line<Chunks>,
    /// Where the reader sleeps until something is written.
    pub reader: Line<Bell>,
    /// Where the writer sleeps while the ring is full.
    pub writer: Line<Bell>,
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
    pub fn new() -> Result<(Self, OwnedFd), Error> {
        let memory = memory_file(c"pool", page_size() + CAPACITY)?;
        Ok((Self::map(&memory)?, memory))
    }

    /// Maps the memory of a descriptor that [`Shared::new`] returned.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn map(memory: &OwnedFd) -> Result<Self, Error> {
        Mapping::of(memory, CAPACITY).map(Self)
    }

    /// The page before the ring.
    #[inline]
    pub fn header(&self) -> &Header {
        // SAFETY: it is at the start of a page that is mapped as long as `self` lives; all of
        // it is atomic, and valid whatever its bytes are.
        unsafe { self.0.header().cast().as_ref() }
    }

    /// Appends to `bytes` the `length` bytes of the flow that start at `place`.
    ///
    /// # Safety
    /// The caller is the only reader, they were published, and it has not released them.
    #[inline]
    pub unsafe fn read(&self, place: u64, length: usize, bytes: &mut Vec<u8>) {
        let from = self.0.ring(place as usize % CAPACITY, length).cast::<u8>().as_ptr();
        bytes.reserve(length);
        let to = bytes.spare_capacity_mut().as_mut_ptr().cast::<u8>();
        // SAFETY: the ring has these bytes, and `bytes` the space, which is elsewhere. A
        // writer does not change what it has published.
        unsafe { ptr::copy_nonoverlapping(from, to, length) };
        // SAFETY: they have just been written.
        unsafe { bytes.set_len(bytes.len() + length) };
    }

    /// As [`read`](Self::read), but returns the bytes.
    ///
    /// # Safety
    /// As [`read`](Self::read).
    #[inline]
    pub unsafe fn read_array<const LENGTH: usize>(&self, place: u64) -> [u8; LENGTH] {
        let from = self.0.ring(place as usize % CAPACITY, LENGTH).cast::<[u8; LENGTH]>();
        // SAFETY: as in `read`; an array of bytes can be anywhere.
        unsafe { from.read() }
    }

    /// Writes these bytes of the flow from `place` on.
    ///
    /// # Safety
    /// The caller is the only writer, it has not published them, and the reader has released
    /// what was there before.
    #[inline]
    pub unsafe fn write(&mut self, place: u64, bytes: &[u8]) {
        let to = self.0.ring(place as usize % CAPACITY, bytes.len()).cast::<u8>().as_ptr();
        // SAFETY: the ring has this space, and `bytes` is elsewhere. A reader does not read
        // what is not published.
        unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), to, bytes.len()) };
    }
}
