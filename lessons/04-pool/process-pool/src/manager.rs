//! The manager: one thread of the parent, that gives tasks to the workers, takes their
//! results, and sees to it that there are workers.

use std::collections::VecDeque;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use crossbeam::channel::Sender;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::time::TimeSpec;

use super::desk::Desk;
use super::job::Chunk;
use super::start::{Started, start_program};
use super::workers::{A_WHILE, Death, Worker};
use super::{TaskError, Tasks};

/// While chunks are done in quick succession, the manager looks for results this often, and
/// wants no bell: to be woken for each would cost more than the tasks.
const LOOK: Duration = Duration::from_micros(100);

/// A task that may be run again is given up after so many workers died of it.
const MOST_DEATHS: u32 = 3;

/// How bad it is if a worker ends before its first task: by itself, as when the program
/// does not know that it is to be a worker; or killed, by somebody who kills workers.
const ENDED: u32 = 50;
const KILLED: u32 = 1;

/// If it gets as bad as this, something is wrong that no other worker cures.
const TOO_BAD: u32 = 1000;

/// The manager's own things.
pub struct Manager {
    tasks: Tasks,
    desk: Arc<Desk>,
    queue: VecDeque<Chunk>,
    workers: Vec<Worker>,
    /// How bad it is: workers in a row that have ended before their first task.
    useless: u32,
    /// When a chunk was done last.
    last_chunk: Instant,
    /// Why the pool has ended.
    why: String,
}

/// Runs until the pool has ended. Then no worker is left, and each task has a result.
/// `started` is told whether the workers could be started.
pub fn manage(
    tasks: Tasks,
    desk: Arc<Desk>,
    number: usize,
    forked: Vec<Started>,
    started: &Sender<Result<()>>,
) {
    let mut manager = Manager {
        tasks,
        desk,
        queue: VecDeque::new(),
        workers: Vec::new(),
        useless: 0,
        last_chunk: Instant::now(),
        why: "its manager panicked".to_owned(),
    };
    let can_run = manager.start(number, forked);
    let runs = can_run.is_ok();
    // If nobody waits to be told, the pool is gone already.
    let _ = started.send(can_run);
    if runs {
        manager.why = match manager.run() {
            Ok(()) => "it was terminated".to_owned(),
            Err(why) => format!("{why:#}"),
        };
    }
}

impl Manager {
    fn start(&mut self, number: usize, forked: Vec<Started>) -> Result<()> {
        for started in forked {
            self.workers.push(Worker::new(started)?);
        }
        while self.workers.len() < number {
            self.workers.push(Worker::new(start_program()?)?);
        }
        self.tell_pids();
        Ok(())
    }

    fn run(&mut self) -> Result<()> {
        loop {
            let mut chunks_done = 0;
            for worker in &mut self.workers {
                chunks_done += worker.take_results()?;
            }
            let closed = {
                let mut desired = self.desk.state();
                self.queue.append(&mut desired.chunks);
                if desired.ended.is_some() {
                    return Ok(());
                }
                desired.closed
            };
            self.give()?;
            if closed && self.queue.is_empty() && self.workers.iter().all(Worker::is_idle) {
                return Ok(());
            }
            self.wait(chunks_done)?;
        }
    }

    /// Gives chunks to the workers that have room, one after the other.
    fn give(&mut self) -> Result<()> {
        if self.queue.is_empty() && self.some_could_help() {
            for worker in &mut self.workers {
                self.queue.extend(worker.take_back());
            }
        }
        self.workers.iter_mut().for_each(Worker::send);
        // First those who have nothing; then the others are given more in advance.
        for idle in [true, false] {
            let mut given = true;
            while given && !self.queue.is_empty() {
                given = false;
                for worker in &mut self.workers {
                    if worker.has_room() && (worker.is_idle() || !idle) {
                        given |= give_next(&mut self.queue, worker);
                        // It can begin while the next chunk is made ready.
                        worker.tell()?;
                    }
                }
            }
        }
        self.workers.iter_mut().try_for_each(Worker::tell)
    }

    /// Whether one worker has nothing to do while another has more than it works on.
    fn some_could_help(&self) -> bool {
        self.workers.iter().any(Worker::is_idle) && self.workers.iter().any(Worker::has_more)
    }

    /// Waits until there is something to do: for a short while if chunks are done in quick
    /// succession, else until somebody rings the bell.
    fn wait(&mut self, chunks_done: u32) -> Result<()> {
        let quick = self.is_quick(chunks_done);
        let mut time = match () {
            () if quick || self.workers.iter().any(Worker::is_sending) => Some(LOOK),
            () if self.some_could_help() => Some(A_WHILE),
            () => None,
        };
        if !quick {
            for worker in &mut self.workers {
                // There was no bell for what came before it said so.
                if worker.manager_sleeps(true) {
                    time = Some(Duration::ZERO);
                }
            }
        }
        let mut polled = vec![PollFd::new(self.desk.bell.as_fd(), PollFlags::POLLIN)];
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
            // Another thread may have heard it: then there is nothing to read.
            let _ = self.desk.bell.read();
        }
        for (worker, ready) in self.workers.iter_mut().zip(ready[1..].chunks(2)) {
            if !quick {
                worker.manager_sleeps(false);
            }
            if ready[0] {
                worker.silence()?;
            }
        }
        let mut place = 0;
        for ready in ready[1..].chunks(2) {
            if ready[1] {
                self.replace(place)?;
            } else {
                place += 1;
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

    /// Puts a new worker in the place of one that has ended. What that had not done
    /// comes before everything else.
    fn replace(&mut self, place: usize) -> Result<()> {
        let death = self.workers.remove(place).bury()?;
        self.useless = match &death {
            Death { useful: true, .. } => 0,
            Death { killed: true, .. } => self.useless + KILLED,
            _ => self.useless + ENDED,
        };
        // Before a task that is lost is told: whoever then asks sees the new worker.
        let started = start_program().and_then(Worker::new);
        let replaced = started.map(|worker| self.workers.push(worker));
        self.tell_pids();

        death.not_begun.into_iter().rev().for_each(|chunk| self.queue.push_front(chunk));
        if let Some(chunk) = death.running {
            self.take_up(chunk, &death.how);
        }
        ensure!(
            self.useless < TOO_BAD,
            "many workers in a row ended before their first task: {}",
            death.how
        );
        replaced.context("start a worker in place of one that died")
    }

    /// Takes up a chunk whose first task was running when its worker died.
    fn take_up(&mut self, chunk: Chunk, how: &str) {
        let Chunk { job, first, count, deaths } = chunk;
        let deaths = deaths + 1;
        if count > 1 {
            let rest = Chunk { job: job.clone(), first: first + 1, count: count - 1, deaths: 0 };
            self.queue.push_front(rest);
        }
        if self.tasks[job.function()].is_repeatable() && deaths < MOST_DEATHS {
            self.queue.push_front(Chunk { job, first, count: 1, deaths });
        } else {
            job.take(first, Err(TaskError::WorkerDied(how.to_owned())));
        }
    }

    fn tell_pids(&self) {
        self.desk.state().pids = self.workers.iter().map(Worker::pid).collect();
    }
}

/// Gives the next chunk to a worker; false if there is none, or no room. A job that was
/// cancelled is passed over.
fn give_next(queue: &mut VecDeque<Chunk>, worker: &mut Worker) -> bool {
    while let Some(chunk) = queue.pop_front() {
        if chunk.job.begin() {
            let given = worker.give(chunk);
            return given.map_err(|chunk| queue.push_front(chunk)).is_ok();
        }
    }
    false
}

impl Drop for Manager {
    /// Ends the workers, and every task that has no result, whatever has happened.
    fn drop(&mut self) {
        let mut chunks = std::mem::take(&mut self.queue);
        let done = self.workers.iter().all(Worker::is_idle);
        for worker in self.workers.drain(..) {
            chunks.extend(worker.end(done));
        }
        let mut desired = self.desk.state();
        desired.pids.clear();
        desired.ended.get_or_insert_with(|| self.why.clone());
        chunks.append(&mut desired.chunks);
        drop(desired);
        for chunk in chunks {
            for task in chunk.first..chunk.first + chunk.count {
                chunk.job.take(task, Err(TaskError::Ended(self.why.clone())));
            }
        }
    }
}
