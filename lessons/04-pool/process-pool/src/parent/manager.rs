//! The manager: a thread of the parent that gives tasks to the workers, takes their results,
//! and replaces workers that die.

use std::collections::VecDeque;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use crossbeam::channel::Sender;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::time::TimeSpec;

use super::queue::Queue;
use super::worker::{Death, LONG_TASK, Worker};
use crate::job::Chunk;
use crate::{TaskError, Tasks};

/// How often the manager looks for results while chunks are done in quick succession. The
/// workers don't wake it then: that would cost more than the tasks.
const LOOK: Duration = Duration::from_micros(100);

/// How many workers may die of a repeatable task before the pool gives it up.
const DEATHS_LIMIT: u32 = 3;

/// How much a worker that ends before its first task counts as a failure: much if it exits,
/// as a program does that never becomes a worker; little if something kills it.
const EXIT_WEIGHT: u32 = 50;
const KILL_WEIGHT: u32 = 1;

/// The sum of consecutive failures at which the pool ends: no other worker would do better.
const FAILURES_LIMIT: u32 = 1000;

struct Manager {
    tasks: Tasks,
    queue: Arc<Queue>,
    /// Chunks from the queue that no worker has.
    waiting: VecDeque<Chunk>,
    workers: Vec<Worker>,
    /// The weights of consecutive workers that ended before their first task.
    failures: u32,
    last_chunk: Instant,
    /// Why the pool has ended.
    why: String,
}

/// Runs until the pool has ended. Then no worker is left, and each task has a result.
/// Reports to `started` whether the workers could be started.
pub fn manage(
    tasks: Tasks,
    queue: Arc<Queue>,
    workers: usize,
    started: &Sender<Result<(), String>>,
) {
    let mut manager = Manager {
        tasks,
        queue,
        waiting: VecDeque::new(),
        workers: Vec::new(),
        failures: 0,
        last_chunk: Instant::now(),
        why: "its manager panicked".to_owned(),
    };
    // By this thread, not by the one that makes the pool: workers end with the thread that
    // started them.
    let start = manager.start(workers).map_err(|why| format!("{why:#}"));
    let runs = start.is_ok();
    // The receiver waits for this.
    let _ = started.send(start);
    if runs {
        manager.why = match manager.run() {
            Ok(()) => "it was terminated".to_owned(),
            Err(why) => format!("{why:#}"),
        };
    }
}

impl Manager {
    fn start(&mut self, workers: usize) -> Result<()> {
        for _ in 0..workers {
            self.workers.push(Worker::start()?);
        }
        self.report_pids();
        Ok(())
    }

    fn run(&mut self) -> Result<()> {
        loop {
            let mut chunks_done = 0;
            for worker in &mut self.workers {
                chunks_done += worker.take_results()?;
            }
            let closed = {
                let mut state = self.queue.state();
                self.waiting.append(&mut state.chunks);
                if state.ended.is_some() {
                    return Ok(());
                }
                state.closed
            };
            self.give()?;
            if closed && self.waiting.is_empty() && self.workers.iter().all(Worker::is_idle) {
                return Ok(());
            }
            self.wait(chunks_done)?;
        }
    }

    /// Gives chunks to the workers that want them, in turn.
    fn give(&mut self) -> Result<()> {
        if self.waiting.is_empty() && self.could_rebalance() {
            for worker in &mut self.workers {
                self.waiting.extend(worker.take_back());
            }
        }
        self.workers.iter_mut().for_each(Worker::write);
        // First to those that have nothing; then everyone gets more in advance.
        for only_idle in [true, false] {
            let mut given = true;
            while given {
                given = false;
                for worker in &mut self.workers {
                    if !worker.wants_more() || only_idle && !worker.is_idle() {
                        continue;
                    }
                    let Some(chunk) = self.waiting.pop_front() else { break };
                    match worker.give(chunk) {
                        Ok(()) => given = true,
                        Err(chunk) => self.waiting.push_front(chunk),
                    }
                    // It can begin while the next chunk is written.
                    worker.wake()?;
                }
            }
        }
        self.workers.iter().try_for_each(Worker::wake)
    }

    /// Whether one worker has nothing to do while another has more than it works on.
    fn could_rebalance(&self) -> bool {
        self.workers.iter().any(Worker::is_idle) && self.workers.iter().any(Worker::has_spare)
    }

    /// Waits until there is something to do: for a moment if chunks are done in quick
    /// succession, else until a worker or the queue wakes the manager.
    fn wait(&mut self, chunks_done: u32) -> Result<()> {
        let quick = self.is_quick(chunks_done);
        let mut time = if quick || self.workers.iter().any(Worker::is_writing) {
            Some(LOOK)
        } else if self.could_rebalance() {
            Some(LONG_TASK)
        } else {
            None
        };
        if !quick {
            for worker in &mut self.workers {
                if worker.set_wakes_manager(true) {
                    time = Some(Duration::ZERO);
                }
            }
        }
        let mut polled = vec![PollFd::new(self.queue.bell.as_fd(), PollFlags::POLLIN)];
        for worker in &self.workers {
            polled.push(PollFd::new(worker.bell.as_fd(), PollFlags::POLLIN));
            polled.push(PollFd::new(worker.ended.as_fd(), PollFlags::POLLIN));
        }
        match ppoll(&mut polled, time.map(TimeSpec::from), None) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(why) => return Err(why).context("ppoll"),
        }
        let ready: Vec<bool> = polled.iter().map(|fd| fd.any().unwrap_or(true)).collect();
        if ready[0] {
            // It cannot fail: only this thread reads it.
            let _ = self.queue.bell.read();
        }
        for (worker, ready) in self.workers.iter_mut().zip(ready[1..].chunks(2)) {
            if !quick {
                worker.set_wakes_manager(false);
            }
            if ready[0] {
                worker.drain_bell()?;
            }
        }
        // From the back: what comes after a worker that is replaced keeps its place.
        for place in (0..self.workers.len()).rev() {
            if ready[2 * place + 2] {
                self.replace(place)?;
            }
        }
        Ok(())
    }

    /// Whether chunks are done in quick succession, and more of them are to come.
    fn is_quick(&mut self, chunks_done: u32) -> bool {
        if chunks_done == 0 {
            return false;
        }
        let now = Instant::now();
        let since = now - std::mem::replace(&mut self.last_chunk, now);
        since < 2 * LOOK && !self.workers.iter().all(Worker::is_idle)
    }

    /// Replaces a worker that has ended by a new one. The tasks that it had not done come
    /// before all others.
    fn replace(&mut self, place: usize) -> Result<()> {
        let Death { how, killed, began, running, not_begun } = self.workers.remove(place).reap()?;
        self.failures = match (began, killed) {
            (true, _) => 0,
            (false, true) => self.failures + KILL_WEIGHT,
            (false, false) => self.failures + EXIT_WEIGHT,
        };
        // Before the lost task is reported: whoever sees its error sees the new worker, too.
        let replaced = Worker::start().map(|worker| self.workers.push(worker));
        self.report_pids();

        not_begun.into_iter().rev().for_each(|chunk| self.waiting.push_front(chunk));
        if let Some(chunk) = running {
            self.requeue(chunk, &how);
        }
        ensure!(
            self.failures < FAILURES_LIMIT,
            "many workers in a row ended before their first task: {how}"
        );
        replaced.context("start a worker in place of one that died")
    }

    /// Requeues a chunk whose first task was running when its worker died. This task itself
    /// is lost, unless it may be run again.
    fn requeue(&mut self, chunk: Chunk, how: &str) {
        let Chunk { job, first, count, deaths } = chunk;
        let deaths = deaths + 1;
        if count > 1 {
            let rest = Chunk { job: job.clone(), first: first + 1, count: count - 1, deaths: 0 };
            self.waiting.push_front(rest);
        }
        if self.tasks[job.function()].is_repeatable() && deaths < DEATHS_LIMIT {
            self.waiting.push_front(Chunk { job, first, count: 1, deaths });
        } else {
            job.take(first, Err(TaskError::WorkerDied(how.to_owned())));
        }
    }

    fn report_pids(&self) {
        self.queue.state().pids = self.workers.iter().map(Worker::pid).collect();
    }
}

impl Drop for Manager {
    /// Ends the workers and every task that has no result, whatever has happened.
    fn drop(&mut self) {
        let mut chunks = std::mem::take(&mut self.waiting);
        let idle = self.workers.iter().all(Worker::is_idle);
        for worker in self.workers.drain(..) {
            chunks.extend(worker.stop(idle));
        }
        let mut state = self.queue.state();
        state.pids.clear();
        state.ended.get_or_insert_with(|| self.why.clone());
        chunks.append(&mut state.chunks);
        drop(state);
        for chunk in chunks {
            for task in chunk.first..chunk.first + chunk.count {
                chunk.job.take(task, Err(TaskError::Ended(self.why.clone())));
            }
        }
    }
}
