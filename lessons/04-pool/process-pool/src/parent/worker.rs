//! A worker as the manager sees it: what it was given, and what has come back.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use common::child::{self, Child};
use common::pidfd;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::WaitStatus;

use super::start::start_worker;
use crate::TaskError;
use crate::flow::{ChunkHeader, Kind, Reader, Writer};
use crate::job::Chunk;

/// How much work a worker is given in advance, by its last results: as long as the manager
/// may take to look again, and a little more.
const AHEAD: Duration = Duration::from_micros(400);

/// A worker that has sent no result for this long is busy with a long task.
pub const LONG_TASK: Duration = Duration::from_millis(1);

/// How long a worker may take to end by itself when it has no more work.
const END_LIMIT: Duration = Duration::from_secs(1);

/// A worker.
pub struct Worker {
    child: Child,
    /// Becomes readable when the process ends.
    pub ended: OwnedFd,
    /// A byte that arrives here wakes the manager, one that is sent here wakes the worker.
    pub bell: UnixStream,
    arguments: Writer,
    results: Reader,
    /// The chunks that it was given and has not finished, in order; the first without the
    /// tasks that are done.
    given: VecDeque<Given>,
    /// How many tasks these are.
    tasks: usize,
    chunks_done: u32,
    /// The next argument to write, if those of the last chunk are not all written.
    unwritten: Option<usize>,
    /// Its results cannot be read any more.
    broken: bool,
    /// How many tasks it does in a second, by its last results.
    rate: f64,
    last_result: Instant,
}

/// A chunk that a worker was given, and where its arguments begin.
struct Given {
    chunk: Chunk,
    place: u64,
}

impl Worker {
    /// Starts a worker. It ends with the calling thread.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn start() -> Result<Self> {
        let (child, bell, [arguments, results]) = start_worker()?;
        bell.set_nonblocking(true).context("fcntl")?;
        Ok(Self {
            ended: pidfd::open(child.pid())?,
            child,
            bell,
            arguments: Writer::new(arguments),
            results: Reader::new(results),
            given: VecDeque::new(),
            tasks: 0,
            chunks_done: 0,
            unwritten: None,
            broken: false,
            rate: 0.0,
            last_result: Instant::now(),
        })
    }

    pub fn pid(&self) -> i32 {
        self.child.pid().as_raw()
    }

    pub fn is_idle(&self) -> bool {
        self.given.is_empty()
    }

    /// Whether arguments still wait for space.
    pub fn is_writing(&self) -> bool {
        self.unwritten.is_some()
    }

    /// Whether it has chunks that it may not have begun.
    pub fn has_spare(&self) -> bool {
        self.given.len() > 1
    }

    /// Whether it should be given more: it has no chunk in reserve, or what it has will be
    /// done before the manager looks again.
    pub fn wants_more(&self) -> bool {
        let ahead = (self.rate * AHEAD.as_secs_f64()) as usize;
        !self.is_writing() && (!self.has_spare() || self.tasks <= ahead)
    }

    /// Gives it a chunk. Returns the chunk if it does not fit.
    pub fn give(&mut self, chunk: Chunk) -> Result<(), Chunk> {
        let place = self.arguments.place();
        let header =
            ChunkHeader { function: chunk.job.function() as u32, count: chunk.count as u32 };
        if !self.arguments.put_whole(&header.to_bytes()) {
            return Err(chunk);
        }
        if self.tasks == 0 {
            self.last_result = Instant::now();
        }
        self.tasks += chunk.count;
        self.unwritten = Some(chunk.first);
        self.given.push_back(Given { chunk, place });
        self.write();
        self.arguments.allow_chunk();
        Ok(())
    }

    /// Writes the arguments of the last chunk, as many as there is space for.
    pub fn write(&mut self) {
        let Some(Given { chunk, .. }) = self.given.back() else { return };
        let end = chunk.first + chunk.count;
        while let Some(next) = self.unwritten {
            while !self.arguments.continue_large() {
                if !self.arguments.has_space() {
                    return;
                }
            }
            let next = next + chunk.job.put_arguments(next, end - next, &mut self.arguments);
            if next == end {
                self.unwritten = None;
                return;
            }
            let (kind, bytes) = match chunk.job.argument(next) {
                Ok(bytes) => (Kind::Large, bytes),
                Err(why) => (Kind::Unreadable, why.into_bytes()),
            };
            self.arguments.begin_large(kind, bytes);
            self.unwritten = Some(next + 1);
        }
    }

    /// Wakes it if it sleeps.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn wake(&self) -> Result<()> {
        self.arguments.wake_reader(&self.bell).context("wake a worker")
    }

    /// Takes back the chunks that it has not begun, if it is busy with a long task.
    pub fn take_back(&mut self) -> Vec<Chunk> {
        if !self.has_spare() || self.last_result.elapsed() < LONG_TASK {
            return Vec::new();
        }
        let revoked = self.arguments.revoke_chunks();
        let revoked = self.given.split_off(self.given.len() - revoked);
        if let Some(first) = revoked.front() {
            self.arguments.rewind(first.place);
            self.unwritten = None;
        }
        self.tasks -= revoked.iter().map(|given| given.chunk.count).sum::<usize>();
        revoked.into_iter().map(|given| given.chunk).collect()
    }

    /// Takes the results that have arrived. Returns how many chunks they completed.
    ///
    /// # Errors
    /// If they cannot be understood.
    pub fn take_results(&mut self) -> Result<u32> {
        let (mut taken, chunks_before) = (0, self.chunks_done);
        while !self.broken && !self.results.available().is_empty() {
            let Some(Given { chunk, .. }) = self.given.front() else {
                bail!("a result for no task")
            };
            let tasks = if let Some(bytes) = self.results.small() {
                let Some((tasks, used)) = chunk.job.take_small(chunk.first, chunk.count, bytes)
                else {
                    // Where the next one begins is unknown, so the worker has to go.
                    self.broken = true;
                    let _ = kill(self.child.pid(), Signal::SIGKILL);
                    break;
                };
                self.results.consume(used);
                tasks
            } else if let Some((kind, bytes)) = self.results.take_large()? {
                let text = || String::from_utf8_lossy(&bytes).into_owned();
                let result = match kind {
                    Kind::Panicked => Err(TaskError::Panicked(text())),
                    Kind::Unreadable => Err(TaskError::Unreadable(text())),
                    Kind::Large | Kind::Small => Ok(&bytes[..]),
                };
                chunk.job.take(chunk.first, result);
                1
            } else {
                break;
            };
            self.tasks_done(tasks);
            taken += tasks;
        }
        self.measure(taken);
        Ok(self.chunks_done.wrapping_sub(chunks_before))
    }

    /// Removes the first tasks, which are done.
    fn tasks_done(&mut self, tasks: usize) {
        self.tasks -= tasks;
        if let Some(Given { chunk, .. }) = self.given.front_mut() {
            chunk.first += tasks;
            chunk.count -= tasks;
            if chunk.count == 0 {
                self.given.pop_front();
                self.chunks_done = self.chunks_done.wrapping_add(1);
            }
        }
    }

    /// Measures its rate.
    fn measure(&mut self, taken: usize) {
        let now = Instant::now();
        let time = now - self.last_result;
        if taken > 0 {
            self.rate = taken as f64 / time.as_secs_f64();
            self.last_result = now;
        } else if time > LONG_TASK {
            // The next ones may be as long.
            self.rate = 0.0;
        }
    }

    /// Sets whether the worker is to wake the manager for a result. Returns whether one has
    /// arrived already, for which it did not.
    pub fn set_wakes_manager(&mut self, wakes: bool) -> bool {
        self.results.set_sleeps(wakes);
        !self.results.available().is_empty()
    }

    /// Drains the bell.
    ///
    /// # Errors
    /// If it cannot be read, though the worker is alive.
    pub fn drain_bell(&mut self) -> Result<()> {
        let is_drained = |kind| matches!(kind, ErrorKind::WouldBlock | ErrorKind::ConnectionReset);
        match self.bell.read(&mut [0; 64]) {
            Err(why) if !is_drained(why.kind()) => Err(why).context("read the bell"),
            _ => Ok(()),
        }
    }

    /// Closes its socket, which ends it if `idle`, or else kills it. Returns the chunks that
    /// it has not done.
    pub fn stop(self, idle: bool) -> impl Iterator<Item = Chunk> {
        drop(self.bell);
        if idle {
            // If it is too slow, or this fails, it is killed as well.
            let _ = pidfd::wait(&self.ended, Some(END_LIMIT));
        }
        drop(self.child);
        self.given.into_iter().map(|given| given.chunk)
    }

    /// Reaps it when it has ended. Returns how that was, and what is left of its work.
    ///
    /// # Errors
    /// If its last results cannot be understood.
    pub fn reap(mut self) -> Result<Death> {
        // What it wrote before its end is still in the memory.
        self.take_results()?;
        let status = self.child.wait()?;
        let mut chunks: VecDeque<Chunk> = self.given.into_iter().map(|given| given.chunk).collect();
        let was_in_one = self.arguments.chunks_begun() != self.chunks_done;
        let running = if was_in_one { chunks.pop_front() } else { None };
        Ok(Death {
            how: child::describe(status),
            killed: matches!(status, WaitStatus::Signaled(..)),
            began: self.chunks_done > 0 || running.is_some(),
            running,
            not_begun: chunks,
        })
    }
}

/// How a worker died, and what is left of its work.
pub struct Death {
    /// How it ended, in words.
    pub how: String,
    /// Whether a signal ended it.
    pub killed: bool,
    /// Whether it ever began a task.
    pub began: bool,
    /// The chunk that it was in, without the tasks that are done: it was running the first.
    pub running: Option<Chunk>,
    /// The chunks that it had not begun.
    pub not_begun: VecDeque<Chunk>,
}
