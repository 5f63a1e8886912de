//! A worker as the manager sees it: what it was given, and what has come back.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use common::child::{self, Child};
use common::pidfd;
use nix::sys::signal::{Signal, kill};

use super::frame::write_header;
use super::job::Chunk;
use super::results::{Kind, PREFIX, Reader};
use super::start::Started;
use super::{TaskError, Tasks};

/// For so long a worker is given work in advance, by what it did before: as long as the
/// manager may take to look again, and a little more.
const AHEAD: Duration = Duration::from_micros(400);

/// If so long no result has come from a worker, it is busy with something long.
pub const A_WHILE: Duration = Duration::from_millis(1);

/// Not more than so many bytes of arguments wait in a worker's socket.
const MOST_BYTES: usize = 1 << 20;

/// A worker that has no more work has so long to end by itself.
const PATIENCE: Duration = Duration::from_secs(1);

/// A worker.
pub struct Worker {
    child: Child,
    /// Becomes readable when the process ends.
    pub ended: OwnedFd,
    pub socket: UnixStream,
    /// What is to be sent to it, and how much of that was.
    outgoing: Vec<u8>,
    sent: usize,
    results: Reader,
    /// What it was given and is not done, in order; the first without what is done.
    chunks: VecDeque<Chunk>,
    /// How many tasks these are, and how many chunks are done.
    tasks: usize,
    chunks_done: u32,
    /// How many chunks were sent to it.
    chunks_sent: u64,
    /// Some of these were taken back. Until it has read all, it is given no others.
    passing_over: bool,
    /// How many tasks of the first one are done.
    done_of_first: usize,
    /// The bytes of a large result that have come, and how many are still to come.
    large: Option<(Kind, Vec<u8>, usize)>,
    /// Its results cannot be read any more.
    broken: bool,
    /// How many tasks it does in a second, by its last results, and when those came.
    rate: f64,
    looked: Instant,
}

impl Worker {
    pub fn new((child, socket, shared): Started) -> Result<Self> {
        socket.set_nonblocking(true).context("fcntl")?;
        Ok(Self {
            ended: pidfd::open(child.pid())?,
            child,
            socket,
            outgoing: Vec::new(),
            sent: 0,
            results: Reader::new(shared),
            chunks: VecDeque::new(),
            tasks: 0,
            chunks_done: 0,
            chunks_sent: 0,
            passing_over: false,
            done_of_first: 0,
            large: None,
            broken: false,
            rate: 0.0,
            looked: Instant::now(),
        })
    }

    /// The id of its process.
    pub fn pid(&self) -> i32 {
        self.child.pid().as_raw()
    }

    pub fn is_idle(&self) -> bool {
        self.chunks.is_empty()
    }

    /// Whether something is still to be sent.
    pub fn is_sending(&self) -> bool {
        self.sent < self.outgoing.len()
    }

    /// Whether it should be given more: it has nothing, or what it has is done before
    /// the manager looks again.
    pub fn has_room(&self) -> bool {
        let ahead = (self.rate * AHEAD.as_secs_f64()) as usize;
        let has_room = self.tasks <= ahead && self.outgoing.len() - self.sent < MOST_BYTES;
        !self.passing_over && (self.tasks == 0 || has_room)
    }

    /// Takes back what it has not begun, if it has been busy with one chunk for a while.
    pub fn take_back(&mut self) -> VecDeque<Chunk> {
        if self.chunks.len() < 2 || self.looked.elapsed() < A_WHILE {
            return VecDeque::new();
        }
        let taken = self.results.take_back() as usize;
        self.passing_over |= taken > 0;
        let chunks = self.chunks.split_off(self.chunks.len() - taken);
        self.tasks -= chunks.iter().map(|chunk| chunk.count).sum::<usize>();
        chunks
    }

    /// Whether it has chunks that it may not have begun.
    pub fn has_more(&self) -> bool {
        self.chunks.len() > 1
    }

    /// Puts a chunk behind what it has.
    pub fn give(&mut self, chunk: Chunk) {
        let arguments = &chunk.job.arguments()[chunk.arguments.clone()];
        let function = chunk.job.function() as u32;
        write_header(&mut self.outgoing, function, chunk.count as u32, arguments.len());
        self.outgoing.extend_from_slice(arguments);
        if self.tasks == 0 {
            self.looked = Instant::now();
        }
        self.results.allow();
        self.chunks_sent += 1;
        self.tasks += chunk.count;
        self.chunks.push_back(chunk);
    }

    /// Sends as much as the socket takes. A worker that is gone takes everything: its
    /// end is noticed elsewhere.
    pub fn send(&mut self) -> Result<()> {
        while self.is_sending() {
            match self.socket.write(&self.outgoing[self.sent..]) {
                Ok(bytes) => self.sent += bytes,
                Err(why) if why.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(why) if why.kind() == ErrorKind::Interrupted => {}
                Err(why) if is_gone(why.kind()) => break,
                Err(why) => return Err(why).context("send a task"),
            }
        }
        self.outgoing.clear();
        self.sent = 0;
        Ok(())
    }

    /// Says whether the manager sleeps and wants to be woken. True if there is
    /// something to take already.
    pub fn manager_sleeps(&mut self, sleeps: bool) -> bool {
        self.results.sleep(sleeps);
        !self.results.written().is_empty()
    }

    /// Takes the bell's bytes away.
    pub fn silence(&mut self) -> Result<()> {
        match self.socket.read(&mut [0; 64]) {
            Ok(_) => Ok(()),
            Err(why) if why.kind() == ErrorKind::WouldBlock || is_gone(why.kind()) => Ok(()),
            Err(why) => Err(why).context("read the bell"),
        }
    }

    /// Takes the results that have come, and says how many there were.
    pub fn take_results(&mut self) -> Result<usize> {
        let mut taken = 0;
        while !self.broken {
            let bytes = self.results.written();
            let Some(&kind) = bytes.first() else { break };
            let Some(chunk) = self.chunks.front_mut() else { bail!("a result for no task") };
            let (tasks, used) = match &mut self.large {
                Some((_, result, missing)) => {
                    let length = bytes.len().min(*missing);
                    result.extend_from_slice(&bytes[..length]);
                    *missing -= length;
                    (0, length)
                }
                None if kind == Kind::Small as u8 => {
                    match chunk.job.take_small(chunk.first, chunk.count, bytes) {
                        Some(taken) => taken,
                        // Where the next one begins is not known: the worker has to go.
                        None => {
                            self.broken = true;
                            let _ = kill(self.child.pid(), Signal::SIGKILL);
                            break;
                        }
                    }
                }
                None => {
                    let kind = Kind::from_byte(kind).context("a result of no known kind")?;
                    let length = bytes.get(1..PREFIX).context("a result without its length")?;
                    let length = u64::from_le_bytes(length.try_into()?) as usize;
                    self.large = Some((kind, Vec::with_capacity(length), length));
                    (0, PREFIX)
                }
            };
            self.results.take(used)?;
            taken += tasks;
            self.done(tasks);
            taken += self.take_large();
        }
        self.passing_over &= self.results.read() < self.chunks_sent;
        if taken == 0 && self.looked.elapsed() > A_WHILE {
            // What comes next may take longer.
            self.rate = 0.0;
        }
        if taken > 0 {
            let now = Instant::now();
            self.rate = taken as f64 / (now - self.looked).as_secs_f64();
            self.looked = now;
        }
        Ok(taken)
    }

    /// Takes a large result if it has come as a whole.
    fn take_large(&mut self) -> usize {
        let Some((kind, bytes, _)) = self.large.take_if(|(_, _, missing)| *missing == 0) else {
            return 0;
        };
        let text = || String::from_utf8_lossy(&bytes).into_owned();
        let result = match kind {
            Kind::Panicked => Err(TaskError::Panicked(text())),
            Kind::Unreadable => Err(TaskError::Unreadable(text())),
            Kind::Large | Kind::Small => Ok(&bytes[..]),
        };
        let chunk = &self.chunks[0];
        chunk.job.take(chunk.first, result);
        self.done(1);
        1
    }

    /// Notes that the first tasks are done.
    fn done(&mut self, tasks: usize) {
        self.tasks -= tasks;
        if let Some(chunk) = self.chunks.front_mut() {
            chunk.first += tasks;
            chunk.count -= tasks;
            self.done_of_first += tasks;
            if chunk.count == 0 {
                self.chunks.pop_front();
                self.chunks_done += 1;
                self.done_of_first = 0;
            }
        }
    }

    /// Ends it: by itself, because its socket closes, or else by force. Returns the
    /// chunks that it has not done.
    pub fn end(self, by_itself: bool) -> VecDeque<Chunk> {
        drop(self.socket);
        if by_itself {
            // If it does not end, or this fails, it is killed like the others.
            let _ = pidfd::wait(&self.ended, Some(PATIENCE));
        }
        drop(self.child);
        self.chunks
    }

    /// After its end: what is left of its work.
    ///
    /// # Errors
    /// If its last results cannot be understood.
    pub fn bury(mut self, tasks: Tasks) -> Result<Death> {
        // What it wrote before its end is still there.
        let taken = self.take_results()?;
        let status = self.child.wait()?;
        let mut not_begun = self.chunks;
        let mut running = None;
        if self.results.begun() != self.chunks_done {
            running = not_begun.pop_front();
        }
        if let Some(chunk) = &mut running {
            let arguments = &chunk.job.arguments()[chunk.arguments.clone()];
            let rest = tasks[chunk.job.function()].skip(self.done_of_first, arguments);
            chunk.arguments.start = chunk.arguments.end - rest.len();
        }
        let useful = taken > 0 || self.chunks_done > 0 || running.is_some();
        Ok(Death { how: child::in_words(status), useful, running, not_begun })
    }
}

/// What is left of a worker.
pub struct Death {
    /// How it ended, in words.
    pub how: String,
    /// Whether it ever began a task.
    pub useful: bool,
    /// The chunk that it was in, without what is done: the first task was running.
    pub running: Option<Chunk>,
    /// Those that it had not begun.
    pub not_begun: VecDeque<Chunk>,
}

fn is_gone(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::BrokenPipe | ErrorKind::ConnectionReset)
}
