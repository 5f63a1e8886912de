//! A worker as the manager sees it: what it was given, and what has come back.

use std::collections::VecDeque;
use std::io::Read;
use std::net::Shutdown;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use common::child::{self, Child};
use common::pidfd;
use nix::sys::signal::Signal;
use nix::sys::wait::WaitStatus;

use super::poll::wait_until;
use super::start::start_worker;
use crate::flow::value::{encode_text, split_first};
use crate::flow::{ChunkHeader, Kind, Reader, Writer};
use crate::job::Chunk;

/// How much work a worker is given in advance, by its last results: as long as the manager
/// may take to look again, and a little more.
const AHEAD: Duration = Duration::from_micros(400);

/// A worker that has sent no result for this long is busy with a long task.
pub const LONG_TASK: Duration = Duration::from_millis(1);

/// How long a worker may take to end by itself when it has no more work.
pub const END_LIMIT: Duration = Duration::from_secs(1);

/// A worker.
pub struct Worker {
    child: Child,
    started: Instant,
    /// Becomes readable when the process ends.
    pub ended: OwnedFd,
    /// A byte that arrives here wakes the manager, one that is sent here wakes the worker.
    bell: UnixStream,
    /// When it was noticed that the worker has closed its end of it.
    closed: Option<Instant>,
    arguments: Writer,
    results: Reader,
    /// The chunks that it was given and has not finished, in order; the first without the
    /// tasks that are done.
    given: VecDeque<Given>,
    /// How many tasks these are.
    tasks: usize,
    chunks_done: u32,
    /// How many bytes of the last chunk's arguments are not written yet.
    unwritten: usize,
    greeting: Greeting,
    /// What has arrived of its results and was not passed on: a part of one.
    partial: Vec<u8>,
    /// Why it was killed.
    broken: Option<&'static str>,
    /// How many tasks it does in a second, by its last results.
    rate: f64,
    last_result: Instant,
}

/// What a worker has said of itself. It says it once, before its first result.
#[derive(PartialEq)]
enum Greeting {
    /// Nothing yet.
    Missing,
    /// It has the functions of the pool.
    Ready,
    /// It has these functions instead.
    OtherFunctions(String),
}

/// A chunk that a worker was given, and where its arguments begin.
struct Given {
    chunk: Chunk,
    place: u64,
}

impl Worker {
    /// Starts a worker that is to have functions of these names and types. It ends with the
    /// calling thread.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn start(functions: &str) -> Result<Self> {
        let (child, bell, [arguments, results]) = start_worker()?;
        bell.set_nonblocking(true).context("fcntl")?;
        let mut arguments = Writer::new(arguments);
        let mut question = Vec::new();
        encode_text(Kind::Value, functions, &mut question);
        ensure!(arguments.write_whole(&question), "the pool has too many functions");
        Ok(Self {
            ended: pidfd::open(child.pid())?,
            child,
            started: Instant::now(),
            bell,
            closed: None,
            arguments,
            results: Reader::new(results),
            given: VecDeque::new(),
            tasks: 0,
            chunks_done: 0,
            unwritten: 0,
            greeting: Greeting::Missing,
            partial: Vec::new(),
            broken: None,
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

    /// Whether it has said that it is ready to run tasks.
    pub fn is_ready(&self) -> bool {
        self.greeting == Greeting::Ready
    }

    /// Whether it has done a chunk.
    pub fn has_worked(&self) -> bool {
        self.chunks_done > 0
    }

    /// The functions that it has, if it has said that they are not those of the pool.
    pub fn other_functions(&self) -> Option<&str> {
        match &self.greeting {
            Greeting::OtherFunctions(theirs) => Some(theirs),
            _ => None,
        }
    }

    /// Whether arguments still wait for space.
    pub fn is_writing(&self) -> bool {
        self.unwritten > 0
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
        let header = ChunkHeader { function: chunk.function as u32, count: chunk.count as u32 };
        if !self.arguments.write_whole(&header.to_bytes()) {
            return Err(chunk);
        }
        if self.tasks == 0 {
            self.last_result = Instant::now();
        }
        self.tasks += chunk.count;
        self.unwritten = chunk.arguments.bytes().len();
        self.given.push_back(Given { chunk, place });
        self.write();
        self.arguments.allow_chunk();
        Ok(())
    }

    /// Writes the arguments of the last chunk, as many as there is space for.
    pub fn write(&mut self) {
        let Some(Given { chunk, .. }) = self.given.back() else { return };
        while self.unwritten > 0 {
            match self.arguments.write(chunk.arguments.last_bytes(self.unwritten)) {
                0 => return,
                written => self.unwritten -= written,
            }
        }
    }

    /// Wakes it if it sleeps.
    pub fn wake(&mut self) {
        if self.arguments.wake_reader(&self.bell).is_err() {
            self.kill("it could not be woken");
        }
    }

    /// Kills it. Its death is noticed like any other.
    fn kill(&mut self, why: &'static str) {
        if self.broken.is_none() {
            self.broken = Some(why);
            // If it cannot be killed, it has ended.
            let _ = pidfd::kill(&self.ended);
        }
    }

    /// Takes back the chunks that it has not begun, if it is busy with a long task.
    pub fn take_back(&mut self) -> Vec<Chunk> {
        if !self.has_spare() || self.last_result.elapsed() < LONG_TASK {
            return Vec::new();
        }
        // The worker may have written anything there.
        let revoked = self.arguments.revoke_chunks().min(self.given.len());
        let revoked = self.given.split_off(self.given.len() - revoked);
        if let Some(first) = revoked.front() {
            self.arguments.rewind(first.place);
            self.unwritten = 0;
        }
        self.tasks -= revoked.iter().map(|given| given.chunk.count).sum::<usize>();
        revoked.into_iter().map(|given| given.chunk).collect()
    }

    /// Takes the results that have arrived. Returns how many chunks they completed. A worker
    /// that has written something else is killed.
    pub fn take_results(&mut self) -> u32 {
        let (mut taken, chunks_before) = (0, self.chunks_done);
        self.results.look();
        while self.broken.is_none() {
            match self.take_some() {
                Some(0) if !self.results.look() => break,
                Some(tasks) => taken += tasks,
                None => self.kill("it wrote what is not a result"),
            }
        }
        self.measure(taken);
        self.chunks_done.wrapping_sub(chunks_before)
    }

    /// Takes the next results, and returns how many; `None` if there is something else.
    fn take_some(&mut self) -> Option<usize> {
        if self.greeting == Greeting::Missing {
            if self.results.take(1, &mut self.partial).ok()? == 0 {
                return Some(0);
            }
            let greeting = std::mem::take(&mut self.partial);
            self.greeting = match split_first(&mut &greeting[..])? {
                (Kind::Value, _) => Greeting::Ready,
                (_, text) => Greeting::OtherFunctions(String::from_utf8_lossy(text).into_owned()),
            };
        }
        let Some(Given { chunk, .. }) = self.given.front() else {
            return (!self.results.has_more()).then_some(0);
        };
        let tasks = self.results.take(chunk.count, &mut self.partial).ok()?;
        if tasks > 0 {
            chunk.results.take(chunk.first, tasks, &mut self.partial);
            self.tasks_done(tasks);
        }
        Some(tasks)
    }

    /// Removes the first tasks, which are done.
    fn tasks_done(&mut self, tasks: usize) {
        self.tasks -= tasks;
        if let Some(Given { chunk, .. }) = self.given.front_mut() {
            chunk.tasks_done(tasks);
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
        if wakes {
            self.results.will_sleep()
        } else {
            self.results.is_awake()
        }
        self.results.look()
    }

    /// What wakes the manager when the worker has something to say.
    pub fn bell(&self) -> BorrowedFd<'_> {
        // A closed one would wake the manager again and again.
        if self.closed.is_some() { self.ended.as_fd() } else { self.bell.as_fd() }
    }

    /// Drains the bell, and notes whether it is closed.
    pub fn drain_bell(&mut self) {
        if self.closed.is_none() && matches!(self.bell.read(&mut [0; 64]), Ok(0)) {
            self.closed = Some(Instant::now());
        }
    }

    /// Whether it has closed its socket, as one does that is about to end. If it lives on, it
    /// is killed: it can neither wake the manager nor be woken.
    pub fn is_closed(&mut self) -> bool {
        if self.closed.is_some_and(|moment| moment.elapsed() > END_LIMIT) {
            self.kill("it closed its socket");
        }
        self.closed.is_some()
    }

    /// Tells it that no more tasks will come, which ends it if it is idle.
    pub fn tell_end(&self) {
        // `close` would not be enough: a process that was forked from this one has the socket,
        // too. If the worker has ended, that is fine.
        let _ = self.bell.shutdown(Shutdown::Both);
    }

    /// Waits until it has ended, but not longer than until this moment: then it is killed.
    /// Returns the chunks that it has not done.
    pub fn stop(self, deadline: Instant) -> impl Iterator<Item = Chunk> {
        // If this fails, it is killed as well.
        let _ = wait_until(deadline, self.ended.as_fd());
        // Not by its id, which may belong to another process if it has ended.
        if pidfd::kill(&self.ended).is_ok() {
            // If its end cannot be waited for, somebody else has.
            let _ = self.child.wait();
        } else {
            // This process has another user by now. The worker ends when its task does.
            self.arguments.revoke_chunks();
            std::mem::forget(self.child);
        }
        self.given.into_iter().map(|given| given.chunk)
    }

    /// Reaps it when it has ended. Returns how that was, and what is left of its work.
    pub fn reap(mut self) -> Death {
        // What it wrote before its end is still in the memory.
        self.take_results();
        let (was_ready, has_worked) = (self.is_ready(), self.has_worked());
        let status = self.child.wait();
        let mut chunks: VecDeque<Chunk> = self.given.into_iter().map(|given| given.chunk).collect();
        let was_in_one = self.arguments.chunks_begun() != self.chunks_done;
        Death {
            how: match (self.broken, &status) {
                (Some(why), Ok(WaitStatus::Signaled(_, Signal::SIGKILL, _))) => {
                    format!("killed, because {why}")
                }
                (_, Ok(status)) => child::describe(*status),
                // Such as a thread that waits for any child; or SIGCHLD is ignored.
                (_, Err(_)) => "how is not known, as its exit status went elsewhere".to_owned(),
            },
            by_itself: status.is_ok_and(ended_by_itself),
            was_ready,
            age: self.started.elapsed(),
            has_worked: was_in_one || has_worked,
            running: if was_in_one { chunks.pop_front() } else { None },
            not_begun: chunks,
        }
    }
}

/// How a worker died, and what is left of its work.
pub struct Death {
    /// How it ended, in words.
    pub how: String,
    /// Whether its own program has ended it, as far as that is known.
    pub by_itself: bool,
    /// Whether it ever was ready to run tasks.
    pub was_ready: bool,
    /// How long it has lived.
    pub age: Duration,
    /// Whether it has begun a task.
    pub has_worked: bool,
    /// The chunk that it was in, without the tasks that are done: it was running the first.
    pub running: Option<Chunk>,
    /// The chunks that it had not begun.
    pub not_begun: VecDeque<Chunk>,
}

/// Whether a process has exited, or ended by a fault of its program. Other signals come from
/// outside.
fn ended_by_itself(status: WaitStatus) -> bool {
    use Signal::{SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGSYS, SIGTRAP};
    match status {
        WaitStatus::Exited(..) => true,
        WaitStatus::Signaled(_, signal, _) => {
            [SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGSYS, SIGTRAP].contains(&signal)
        }
        _ => false,
    }
}
