//! Where tasks are submitted, and the manager takes them.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::{Context, Result};
use nix::sys::eventfd::{EfdFlags, EventFd};

use super::job::Chunk;

/// What the manager and those who submit tasks share.
pub struct Desk {
    state: Mutex<Desired>,
    /// Wakes the manager, who waits for it.
    pub bell: EventFd,
}

/// What is wanted of the manager.
#[derive(Default)]
pub struct Desired {
    /// Chunks that were submitted, and that the manager has not seen yet.
    pub chunks: VecDeque<Chunk>,
    /// No more will come.
    pub closed: bool,
    /// What there is, is not to be done either; and why.
    pub ended: Option<String>,
    /// The workers' process ids.
    pub pids: Vec<i32>,
}

impl Desk {
    pub fn new() -> Result<Self> {
        let flags = EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK;
        let bell = EventFd::from_flags(flags).context("eventfd")?;
        Ok(Self { state: Mutex::default(), bell })
    }

    pub fn state(&self) -> MutexGuard<'_, Desired> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes the manager, so that it sees what has changed.
    pub fn ring(&self) {
        // It fails only if it was rung very often and not heard: then it will be.
        let _ = self.bell.write(1);
    }
}
