//! A lock on a file: flock(2).

use std::cell::Cell;
use std::fs::File;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use anyhow::{Context, Result};
use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};
use nix::sys::memfd::{MFdFlags, memfd_create};

thread_local! {
    /// The file, opened by this thread: the lock belongs to the open file, and two threads
    /// that share one would both hold it.
    static OPENED: Cell<Option<File>> = const { Cell::new(None) };
}

/// A number that is changed only while the file is locked.
pub struct Locked {
    file: OwnedFd,
    number: AtomicU64,
}

impl Locked {
    pub fn new() -> Result<Self> {
        let file = memfd_create(c"lock", MFdFlags::MFD_CLOEXEC).context("memfd_create")?;
        Ok(Self { file, number: AtomicU64::new(0) })
    }

    /// Locks the file, adds one, and unlocks it.
    pub fn add_one(&self) -> Result<()> {
        let file = OPENED.take().map_or_else(|| self.open(), Ok)?;
        let failed = |(_, why): (_, Errno)| why;
        let locked = Flock::lock(file, FlockArg::LockExclusive).map_err(failed).context("flock")?;
        // Two steps, which the lock makes one.
        self.number.store(self.number.load(Relaxed) + 1, Relaxed);
        OPENED.set(Some(locked.unlock().map_err(|(_, why)| why).context("flock")?));
        Ok(())
    }

    pub fn number(&self) -> u64 {
        self.number.load(Relaxed)
    }

    fn open(&self) -> Result<File> {
        let path = format!("/proc/self/fd/{}", self.file.as_raw_fd());
        File::open(&path).with_context(|| format!("open {path}"))
    }
}
