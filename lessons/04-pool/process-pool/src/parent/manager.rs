//! The manager: a thread of the parent that gives tasks to the workers, takes their results,
//! and replaces workers that die.

use std::collections::VecDeque;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Error, Result, anyhow, bail};
use crossbeam::channel::Sender;

use super::poll::poll;
use super::queue::Queue;
use super::worker::{Death, END_LIMIT, LONG_TASK, Worker};
use crate::child::signatures;
use crate::job::Chunk;
use crate::{TaskError, Tasks};

/// How often the manager looks for results while chunks are done in quick succession. The
/// workers don't wake it then: that would cost more than the tasks.
const LOOK: Duration = Duration::from_micros(100);

/// How many workers may die of a repeatable task before the pool gives it up.
const DEATHS_LIMIT: u32 = 3;

/// How much a worker that has done nothing counts as a failure: much if it ends by itself, as a
/// program does that never becomes a worker, or cannot be started; little if something kills
/// it.
const EXIT_WEIGHT: u32 = 50;
const KILL_WEIGHT: u32 = 5;

/// The sum of consecutive failures to become ready at which the pool ends if it has no worker
/// left: no other would do better.
const FAILURES_LIMIT: u32 = 1000;

/// How long the manager waits before it starts another worker, for each failure and at most.
const RETRY: Duration = Duration::from_micros(100);
const RETRY_LIMIT: Duration = Duration::from_secs(1);

/// How often the manager looks whether a worker that closed its socket has ended.
const CLOSED_LOOK: Duration = Duration::from_millis(100);

struct Manager {
    tasks: Tasks,
    queue: Arc<Queue>,
    /// Chunks from the queue that no worker has.
    waiting: VecDeque<Chunk>,
    workers: Vec<Worker>,
    /// How many workers there should be.
    wanted: usize,
    /// The weights of consecutive workers that did not become ready.
    failures: u32,
    /// The weights of consecutive workers that soon ended and had done nothing, ready or not.
    useless: u32,
    /// When to start a worker again.
    retry: Option<Instant>,
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
        wanted: workers,
        failures: 0,
        useless: 0,
        retry: None,
        last_chunk: Instant::now(),
        why: "its manager panicked".to_owned(),
    };
    // By this thread, not by the one that makes the pool: workers end with the thread that
    // started them.
    let start = manager.start().map_err(|why| format!("{why:#}"));
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
    fn start(&mut self) -> Result<()> {
        while self.workers.len() < self.wanted {
            self.workers.push(Worker::start(&signatures(self.tasks))?);
        }
        self.report_pids();
        Ok(())
    }

    fn run(&mut self) -> Result<()> {
        loop {
            let mut chunks_done = 0;
            for worker in &mut self.workers {
                let (was_ready, had_worked) = (worker.is_ready(), worker.has_worked());
                chunks_done += worker.take_results();
                if worker.is_ready() && !was_ready {
                    self.failures = 0;
                }
                // Not by each chunk: one worker may work while another ends again and again.
                if worker.has_worked() && !had_worked {
                    self.useless = 0;
                }
            }
            self.check_functions()?;
            let closed = {
                let mut state = self.queue.state();
                self.waiting.append(&mut state.chunks);
                if state.ended.is_some() {
                    return Ok(());
                }
                state.closed && state.submissions == 0
            };
            self.give();
            if closed && self.waiting.is_empty() && self.workers.iter().all(Worker::is_idle) {
                return Ok(());
            }
            self.wait(chunks_done)?;
            self.fill_vacancies()?;
        }
    }

    /// Fails if a worker has said that it has other functions.
    fn check_functions(&self) -> Result<()> {
        if let Some(theirs) = self.workers.iter().find_map(Worker::other_functions) {
            bail!(
                "its functions are ({}), but its workers call work_if_worker with ({theirs})",
                signatures(self.tasks)
            );
        }
        Ok(())
    }

    /// Starts workers until there are as many as there should be. If the system refuses one
    /// just now, the pool goes on without it, and tries again later.
    fn fill_vacancies(&mut self) -> Result<()> {
        let workers = self.workers.len();
        while self.workers.len() < self.wanted
            && self.retry.is_none_or(|moment| moment <= Instant::now())
        {
            self.retry = None;
            match Worker::start(&signatures(self.tasks)) {
                Ok(worker) => self.workers.push(worker),
                Err(why) => {
                    let why = why.context("start a worker in place of one that died");
                    self.failed(EXIT_WEIGHT, why)?;
                    self.pause(EXIT_WEIGHT);
                }
            }
        }
        if self.workers.len() != workers {
            self.report_pids();
        }
        Ok(())
    }

    /// Counts a worker that did not become ready.
    ///
    /// # Errors
    /// If the pool has no worker left, and this was one too many.
    fn failed(&mut self, weight: u32, why: Error) -> Result<()> {
        self.failures = self.failures.saturating_add(weight);
        let has_worker = self.workers.iter().any(Worker::is_ready);
        if self.failures >= FAILURES_LIMIT && !has_worker { Err(why) } else { Ok(()) }
    }

    /// Lets some time pass before another worker is started, because one has done nothing. Workers
    /// that end again and again, whatever the reason, must not use up a CPU.
    fn pause(&mut self, weight: u32) {
        self.useless = self.useless.saturating_add(weight);
        let time = RETRY.saturating_mul(self.useless.max(self.failures));
        self.retry = Some(Instant::now() + time.min(RETRY_LIMIT));
    }

    /// Gives chunks to the workers that want them, in turn.
    fn give(&mut self) {
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
                    worker.wake();
                }
            }
        }
        self.workers.iter_mut().for_each(Worker::wake);
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
        let mut at_most = |limit| time = Some(time.map_or(limit, |time| time.min(limit)));
        if let Some(moment) = self.retry {
            at_most(moment.saturating_duration_since(Instant::now()));
        }
        if self.workers.iter_mut().any(|worker| worker.is_closed()) {
            at_most(CLOSED_LOOK);
        }
        let mut polled = vec![self.queue.bell.as_fd()];
        for worker in &self.workers {
            polled.extend([worker.bell(), worker.ended.as_fd()]);
        }
        let ready = poll(&polled, time)?;
        if ready[0] {
            // It cannot fail: only this thread reads it.
            let _ = self.queue.bell.read();
        }
        for (worker, ready) in self.workers.iter_mut().zip(ready[1..].chunks(2)) {
            if !quick {
                worker.set_wakes_manager(false);
            }
            if ready[0] {
                worker.drain_bell();
            }
        }
        // From the back: what comes before a worker that is removed keeps its place.
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
        let Death { how, by_itself, was_ready, age, has_worked, running, not_begun } =
            self.workers.remove(place).reap();
        let weight = if by_itself { EXIT_WEIGHT } else { KILL_WEIGHT };
        // Before the lost task is reported: whoever sees its error sees the new worker, too.
        let failed = if was_ready {
            self.failures = 0;
            Ok(())
        } else {
            self.failed(
                weight,
                anyhow!("many workers in a row ended before they were ready, the last one: {how}"),
            )
        };
        if has_worked || age > RETRY_LIMIT {
            self.useless = 0;
        } else {
            self.pause(weight);
        }
        let filled = failed.and_then(|()| self.fill_vacancies());
        self.report_pids();

        not_begun.into_iter().rev().for_each(|chunk| self.waiting.push_front(chunk));
        if let Some(chunk) = running {
            self.requeue(chunk, &how);
        }
        filled
    }

    /// Requeues a chunk whose first task was running when its worker died. This task itself
    /// is lost, unless it may be run again.
    fn requeue(&mut self, mut chunk: Chunk, how: &str) {
        chunk.deaths += 1;
        if let Some(rest) = chunk.split_rest() {
            self.waiting.push_front(rest);
        }
        if self.tasks[chunk.function].is_repeatable() && chunk.deaths < DEATHS_LIMIT {
            self.waiting.push_front(chunk);
        } else {
            chunk.fail(TaskError::WorkerDied(how.to_owned()));
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
        // All of them first, so that they end at the same time.
        self.workers.iter().for_each(Worker::tell_end);
        let deadline = Instant::now() + if idle { END_LIMIT } else { Duration::ZERO };
        for worker in self.workers.drain(..) {
            chunks.extend(worker.stop(deadline));
        }
        let mut state = self.queue.state();
        state.pids.clear();
        state.ended.get_or_insert_with(|| self.why.clone());
        chunks.append(&mut state.chunks);
        drop(state);
        for chunk in chunks {
            chunk.fail(TaskError::Ended(self.why.clone()));
        }
    }
}
