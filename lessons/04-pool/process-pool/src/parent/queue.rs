//! The queue: where tasks are submitted, and from where the manager takes them.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Context, Result};
use crossbeam::channel::Sender;
use nix::sys::eventfd::{EfdFlags, EventFd};

use crate::PoolError;
use crate::job::{Argument, Batch, Chunk, Output, Results};

/// What the manager shares with the threads that use the pool.
pub struct Queue {
    state: Mutex<State>,
    /// Wakes the manager, which polls it.
    pub bell: EventFd,
}

#[derive(Default)]
pub struct State {
    /// Chunks that the manager has not taken yet.
    pub chunks: VecDeque<Chunk>,
    /// Whether the pool was closed: it takes no more tasks.
    pub closed: bool,
    /// Why the pool has ended, or is to end at once.
    pub ended: Option<String>,
    /// The workers' process ids, as the manager reports them.
    pub pids: Vec<i32>,
}

impl State {
    pub fn takes_no_tasks(&self) -> bool {
        self.closed || self.ended.is_some()
    }
}

impl Queue {
    pub fn new() -> Result<Self> {
        let flags = EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK;
        let bell = EventFd::from_flags(flags).context("eventfd")?;
        Ok(Self { state: Mutex::default(), bell })
    }

    /// Submits a job in chunks of `chunk_size` tasks. When all its results have arrived, the
    /// number in `done` is sent to the channel there.
    pub fn submit<A: Argument, R: Output>(
        &self,
        function: usize,
        arguments: Vec<A>,
        chunk_size: usize,
        done: Option<(Sender<usize>, usize)>,
    ) -> Result<Arc<Results<R>>, PoolError> {
        let tasks = arguments.len();
        let chunk_size = chunk_size.max(1);
        let results = Arc::new(Results::new(tasks, done));
        let job = Arc::new(Batch { function, arguments, results: results.clone() });
        let mut state = self.state();
        if state.takes_no_tasks() {
            return Err(PoolError::Closed);
        }
        state.chunks.extend((0..tasks).step_by(chunk_size).map(|first| {
            let count = chunk_size.min(tasks - first);
            Chunk { job: job.clone(), first, count, deaths: 0 }
        }));
        drop(state);
        self.wake_manager();
        Ok(results)
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes the manager look at the state again.
    pub fn wake_manager(&self) {
        // It fails only if the counter is full, and then the manager is being woken anyway.
        let _ = self.bell.write(1);
    }
}
