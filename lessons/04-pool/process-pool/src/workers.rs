//! A worker as the manager sees it: what it was given, and what has come back.

mod giving;
mod taking;

use std::collections::VecDeque;
use std::io::{ErrorKind, Read};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use common::child::{self, Child};
use common::pidfd;
use nix::sys::wait::WaitStatus;

use super::flow::{Kind, Reader, Writer};
use super::job::Chunk;
use super::start::Started;
use giving::Sending;

/// For so long a worker is given work in advance, by what it did before: as long as the
/// manager may take to look again, and a little more.
const AHEAD: Duration = Duration::from_micros(400);

/// If no result has come from a worker for so long, it is busy with something long.
pub const A_WHILE: Duration = Duration::from_millis(1);

/// A worker that has no more work has so long to end by itself.
const PATIENCE: Duration = Duration::from_secs(1);

/// A worker.
pub struct Worker {
    child: Child,
    /// Becomes readable when the process ends.
    pub ended: OwnedFd,
    /// A byte that comes here wakes the manager, one that is sent wakes the worker.
    pub bell: UnixStream,
    arguments: Writer,
    results: Reader,
    /// What it was given and is not done, in order; the first without what is done.
    given: VecDeque<Given>,
    /// How many tasks these are, and how many chunks are done.
    tasks: usize,
    chunks_done: u32,
    /// How far the last chunk was sent, if not to its end.
    sending: Option<Sending>,
    /// The bytes of a large result that have come, and how many are still to come.
    large: Option<(Kind, Vec<u8>, usize)>,
    /// Its results cannot be read any more.
    broken: bool,
    /// How many tasks it does in a second, by its last results, and when those came.
    rate: f64,
    looked: Instant,
}

/// A chunk that a worker was given, and where its arguments begin.
struct Given {
    chunk: Chunk,
    place: u64,
}

impl Worker {
    pub fn new((child, bell, [arguments, results]): Started) -> Result<Self> {
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
            sending: None,
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
        self.given.is_empty()
    }

    /// Whether arguments still wait for room.
    pub fn is_sending(&self) -> bool {
        self.sending.is_some()
    }

    /// Whether it has chunks that it may not have begun.
    pub fn has_more(&self) -> bool {
        self.given.len() > 1
    }

    /// Whether it should be given more: it has nothing to go on with, or what it has is
    /// done before the manager looks again.
    pub fn has_room(&self) -> bool {
        let ahead = (self.rate * AHEAD.as_secs_f64()) as usize;
        !self.is_sending() && (self.given.len() < 2 || self.tasks <= ahead)
    }

    /// Says whether the manager sleeps and wants to be woken. True if there is
    /// something to take already.
    pub fn manager_sleeps(&mut self, sleeps: bool) -> bool {
        self.results.sleep(sleeps);
        !self.results.written().is_empty()
    }

    /// Takes the bell's bytes away.
    pub fn silence(&mut self) -> Result<()> {
        match self.bell.read(&mut [0; 64]) {
            Ok(_) => Ok(()),
            Err(why) if why.kind() == ErrorKind::WouldBlock || is_gone(why.kind()) => Ok(()),
            Err(why) => Err(why).context("read the bell"),
        }
    }

    /// Ends it: by itself, because its socket closes, or else by force. Returns the
    /// chunks that it has not done.
    pub fn end(self, by_itself: bool) -> impl Iterator<Item = Chunk> {
        drop(self.bell);
        if by_itself {
            // If it does not end, or this fails, it is killed like the others.
            let _ = pidfd::wait(&self.ended, Some(PATIENCE));
        }
        drop(self.child);
        self.given.into_iter().map(|given| given.chunk)
    }

    /// After its end: what is left of its work.
    ///
    /// # Errors
    /// If its last results cannot be understood.
    pub fn bury(mut self) -> Result<Death> {
        // What it wrote before its end is still there.
        self.take_results()?;
        let status = self.child.wait()?;
        let mut chunks: VecDeque<Chunk> = self.given.into_iter().map(|given| given.chunk).collect();
        let was_in_one = self.arguments.chunks_begun() != self.chunks_done;
        let running = if was_in_one { chunks.pop_front() } else { None };
        let useful = self.chunks_done > 0 || running.is_some();
        let killed = matches!(status, WaitStatus::Signaled(..));
        Ok(Death { how: child::describe(status), killed, useful, running, not_begun: chunks })
    }
}

/// What is left of a worker.
pub struct Death {
    /// How it ended, in words.
    pub how: String,
    /// Whether a signal has ended it.
    pub killed: bool,
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
