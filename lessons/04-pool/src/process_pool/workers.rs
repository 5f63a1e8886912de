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

use super::TaskError;
use super::flow::{Kind, Reader, Writer};
use super::job::Chunk;
use super::start::Started;
use super::worker::chunk_header;

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

/// How far a chunk was sent: so many arguments, and of a large one so many of its bytes.
#[derive(Default)]
struct Sending {
    arguments: usize,
    large: Option<Vec<u8>>,
    bytes: usize,
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

    /// Gives it a chunk; the chunk comes back if there is no room.
    pub fn give(&mut self, chunk: Chunk) -> Result<(), Chunk> {
        let place = self.arguments.place();
        let header = chunk_header(chunk.job.function() as u32, chunk.count as u32);
        if !self.arguments.put_whole(&header) {
            return Err(chunk);
        }
        if self.tasks == 0 {
            self.looked = Instant::now();
        }
        self.tasks += chunk.count;
        self.given.push_back(Given { chunk, place });
        self.sending = Some(Sending::default());
        self.send();
        self.arguments.allow_chunk();
        Ok(())
    }

    /// Sends as many arguments of the last chunk as there is room for.
    pub fn send(&mut self) {
        let Some(Given { chunk, .. }) = self.given.back() else { return };
        while let Some(sent) = &mut self.sending {
            if let Some(bytes) = &sent.large {
                let piece = self.arguments.put_piece(&bytes[sent.bytes..]);
                sent.bytes += piece;
                if sent.bytes == bytes.len() {
                    *sent = Sending { arguments: sent.arguments + 1, ..Sending::default() };
                } else if piece == 0 {
                    return;
                }
                continue;
            }
            let (next, left) = (chunk.first + sent.arguments, chunk.count - sent.arguments);
            let put = chunk.job.put_arguments(next, left, &mut self.arguments);
            sent.arguments += put;
            if put == left {
                self.sending = None;
                return;
            }
            let (kind, bytes) = match chunk.job.argument(next + put) {
                Ok(bytes) => (Kind::Large, bytes),
                Err(why) => (Kind::Unreadable, why.into_bytes()),
            };
            if !self.arguments.put_prefix(kind, bytes.len()) {
                return;
            }
            sent.large = Some(bytes);
        }
    }

    /// Wakes it if it sleeps.
    pub fn tell(&mut self) -> Result<()> {
        if self.arguments.reader_sleeps() {
            match self.bell.write(&[1]) {
                // One that is gone needs no bell: its end is noticed elsewhere.
                Err(why) if !is_gone(why.kind()) && why.kind() != ErrorKind::WouldBlock => {
                    return Err(why).context("wake a worker");
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Takes back what it has not begun, if it has been busy with one chunk for a while.
    pub fn take_back(&mut self) -> Vec<Chunk> {
        if !self.has_more() || self.looked.elapsed() < A_WHILE {
            return Vec::new();
        }
        let taken = self.arguments.forbid_chunks();
        let taken = self.given.split_off(self.given.len() - taken);
        if let Some(first) = taken.front() {
            self.arguments.rewind(first.place);
            self.sending = None;
        }
        self.tasks -= taken.iter().map(|given| given.chunk.count).sum::<usize>();
        taken.into_iter().map(|given| given.chunk).collect()
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

    /// Takes the results that have come, and says how many chunks are done by that.
    pub fn take_results(&mut self) -> Result<u32> {
        let (mut taken, chunks_before) = (0, self.chunks_done);
        while !self.broken {
            let bytes = self.results.written();
            let Some(&kind) = bytes.first() else { break };
            let Some(Given { chunk, .. }) = self.given.front() else {
                bail!("a result for no task")
            };
            if let Some((_, result, missing)) = &mut self.large {
                let piece = bytes.len().min(*missing);
                result.extend_from_slice(&bytes[..piece]);
                *missing -= piece;
                self.results.take(piece);
            } else if kind == Kind::Small as u8 {
                let Some((tasks, used)) = chunk.job.take_small(chunk.first, chunk.count, bytes)
                else {
                    // Where the next one begins is not known: the worker has to go.
                    self.broken = true;
                    let _ = kill(self.child.pid(), Signal::SIGKILL);
                    break;
                };
                self.results.take(used);
                self.done(tasks);
                taken += tasks;
            } else {
                let (kind, length) = self.results.take_prefix()?;
                self.large = Some((kind, Vec::with_capacity(length), length));
            }
            taken += self.take_large();
        }
        self.measure(taken);
        Ok(self.chunks_done.wrapping_sub(chunks_before))
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
        let chunk = &self.given[0].chunk;
        chunk.job.take(chunk.first, result);
        self.done(1);
        1
    }

    /// Notes that the first tasks are done.
    fn done(&mut self, tasks: usize) {
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

    /// Measures how quick it is.
    fn measure(&mut self, taken: usize) {
        let now = Instant::now();
        let time = now - self.looked;
        if taken > 0 {
            self.rate = taken as f64 / time.as_secs_f64();
            self.looked = now;
        } else if time > A_WHILE {
            // What comes next may take longer.
            self.rate = 0.0;
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
        Ok(Death { how: child::in_words(status), useful, running, not_begun: chunks })
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
