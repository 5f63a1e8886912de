//! Memory that is in use: every page of it has been written to.

use std::num::NonZeroUsize;
use std::ptr::NonNull;

use anyhow::{Context, Result};
use common::proc;
use nix::errno::Errno;
use nix::libc::c_void;
use nix::sys::mman::{MapFlags, MmapAdvise, ProtFlags, madvise, mmap_anonymous, munmap};

/// Memory in use, given back when it is dropped.
#[derive(Debug)]
pub struct Memory {
    start: NonNull<c_void>,
    length: NonZeroUsize,
}

impl Memory {
    /// Takes this many bytes, in pages of the smallest size, and writes to each page.
    ///
    /// # Errors
    /// If the system does not give it.
    pub fn in_use(length: NonZeroUsize) -> Result<Self> {
        let access = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
        // SAFETY: the kernel chooses the place, so nothing else is there.
        let start = unsafe { mmap_anonymous(None, length, access, MapFlags::MAP_PRIVATE) };
        let memory = Self { start: start.context("mmap")?, length };
        // Huge pages need fewer tables, and not every machine has them.
        let advice = MmapAdvise::MADV_NOHUGEPAGE;
        // SAFETY: the memory is ours, and the advice changes nothing in it.
        match unsafe { madvise(memory.start, length.get(), advice) } {
            // A kernel without huge pages.
            Err(Errno::EINVAL) => {}
            advised => advised.context("madvise")?,
        }
        for offset in (0..length.get()).step_by(proc::page_size()?) {
            // SAFETY: the offset is within the memory.
            let page = unsafe { memory.start.byte_add(offset) };
            // SAFETY: it is ours alone, may be written to, and a byte has no alignment.
            unsafe { page.cast::<u8>().write_volatile(1) };
        }
        Ok(memory)
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        // SAFETY: there is no reference into it.
        let given_back = unsafe { munmap(self.start, self.length.get()) };
        debug_assert_eq!(given_back, Ok(()));
    }
}

/// How many bytes of memory this machine could still give, by the kernel's estimate
/// and the limit of this process's container, whichever is less.
///
/// # Errors
/// If /proc/meminfo does not say.
pub fn available() -> Result<u64> {
    let machine = proc::kib("/proc/meminfo", "MemAvailable")? << 10;
    // Without a container there is no such file, or no number in it.
    let files = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"];
    let limits = files.iter().filter_map(|file| std::fs::read_to_string(file).ok());
    let limit = limits.filter_map(|limit| limit.trim().parse().ok()).min();
    Ok(machine.min(limit.unwrap_or(u64::MAX)))
}

/// How many pages the tables take that say where this process's pages are: proc(5),
/// `VmPTE`.
///
/// # Errors
/// If /proc/self/status does not say.
pub fn page_table_pages() -> Result<u64> {
    Ok((proc::kib("/proc/self/status", "VmPTE")? << 10) / proc::page_size()? as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_page_in_use_has_an_entry_in_the_page_tables() {
        let before = page_table_pages().unwrap();
        let length = NonZeroUsize::new(64 << 20).unwrap();
        let memory = Memory::in_use(length).unwrap();
        // An entry has 8 bytes.
        let page = proc::page_size().unwrap();
        let (entries, each) = ((length.get() / page) as u64, page as u64 / 8);
        let now = page_table_pages().unwrap();
        assert!(now - before >= entries / each, "{before}, then {now}");
        drop(memory);
    }
}
