//! The queue: where tasks are submitted, and from where the manager takes them.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Context, Result};
use crossbeam::channel::Sender;
use nix::sys::eventfd::{EfdFlags, EventFd};
use serde::Serialize;

use crate::fork::Original;
use crate::job::{Arguments, Chunk, Results, write_argument};
use crate::{PoolError, TaskError};

/// How many bytes of arguments are submitted at once, if the chunks are smaller.
const BATCH: usize = 1 << 14;

/// What the manager shares with the threads that use the pool.
pub struct Queue {
    state: Mutex<State>,
    /// Wakes the manager, which polls it.
    pub bell: EventFd,
    /// The process that has the manager. In a copy of it, another thread may have locked the
    /// state when it was copied, and never unlocks it there.
    pub owner: Original,
}

#[derive(Default)]
pub struct State {
    /// Chunks that the manager has not taken yet.
    pub chunks: VecDeque<Chunk>,
    /// Whether the pool was closed: it takes no more jobs.
    pub closed: bool,
    /// How many jobs are still being submitted. A closed pool lets them finish.
    pub submissions: usize,
    /// Why the pool has ended, or is to end at once.
    pub ended: Option<String>,
    /// The workers' process ids, as the manager reports them.
    pub pids: Vec<i32>,
}

impl Queue {
    pub fn new() -> Result<Self> {
        let flags = EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK;
        let bell = EventFd::from_flags(flags).context("eventfd")?;
        let owner = Original::this().context("watch for forks")?;
        Ok(Self { state: Mutex::default(), bell, owner })
    }

    /// Begins to submit a job, for a function of this index.
    ///
    /// # Errors
    /// If the pool takes no more jobs, or is not this process's.
    pub fn begin(&self, function: usize) -> Result<Submission<'_>, PoolError> {
        if self.owner.is_copied() {
            return Err(PoolError::Forked);
        }
        let mut state = self.state();
        if state.closed || state.ended.is_some() {
            return Err(PoolError::Closed);
        }
        state.submissions += 1;
        Ok(Submission { queue: self, function })
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

/// A job that is being submitted, chunk by chunk.
pub struct Submission<'a> {
    queue: &'a Queue,
    function: usize,
}

impl Submission<'_> {
    /// Submits these tasks in chunks of `chunk_size`. When all their results have arrived,
    /// the number in `done` is sent to the channel there.
    pub fn submit<A: Serialize>(
        &self,
        arguments: Vec<A>,
        chunk_size: usize,
        done: Option<(Sender<usize>, usize)>,
    ) -> Arc<Results> {
        let (tasks, chunk_size) = (arguments.len(), chunk_size.max(1));
        let results = Arc::new(Results::new(tasks, done, self.queue.owner));
        let mut arguments = arguments.into_iter();
        let mut chunks = (0..tasks).step_by(chunk_size).peekable();
        while chunks.peek().is_some() {
            // Several chunks at once, if they are small: the manager is woken for each batch.
            let (mut bytes, mut batch) = (Vec::new(), Vec::new());
            while let Some(first) = chunks.next_if(|_| bytes.len() < BATCH) {
                let (start, count) = (bytes.len(), chunk_size.min(tasks - first));
                let arguments = arguments.by_ref().take(count);
                arguments.for_each(|argument| write_argument(argument, &mut bytes));
                batch.push((first, count, start..bytes.len()));
            }
            let bytes = Arc::new(bytes);
            self.push(batch.into_iter().map(|(first, count, place)| Chunk {
                function: self.function,
                results: results.clone(),
                first,
                count,
                deaths: 0,
                arguments: Arguments::new(bytes.clone(), place),
            }));
        }
        results
    }

    fn push(&self, chunks: impl Iterator<Item = Chunk>) {
        if self.queue.owner.is_copied() {
            // Their results say so.
            return;
        }
        let mut state = self.queue.state();
        if let Some(why) = &state.ended {
            let why = TaskError::Ended(why.clone());
            drop(state);
            chunks.for_each(|chunk| chunk.fail(why.clone()));
        } else {
            state.chunks.extend(chunks);
            drop(state);
            self.queue.wake_manager();
        }
    }

    /// Why the pool takes no more tasks, not even those of a job that has begun.
    pub fn refused(&self) -> Option<PoolError> {
        if self.queue.owner.is_copied() {
            return Some(PoolError::Forked);
        }
        self.queue.state().ended.is_some().then_some(PoolError::Closed)
    }
}

impl Drop for Submission<'_> {
    fn drop(&mut self) {
        if self.queue.owner.is_copied() {
            return;
        }
        let mut state = self.queue.state();
        state.submissions -= 1;
        if state.closed {
            drop(state);
            self.queue.wake_manager();
        }
    }
}
