//! A process whose threads, or whose children, are the crowd. Each of them tells that it
//! is there, and stays until the gate closes.

use std::io::{PipeReader, PipeWriter, Read, Write, pipe};
use std::thread;

use anyhow::{Context, Result};
use common::NotHere;
use common::child::{self, Child};
use lesson_05_threading::panics;
use nix::errno::Errno;
use nix::sys::resource::{Resource, setrlimit};
use nix::sys::wait::WaitStatus;
use nix::unistd::{ForkResult, Pid, fork, getpid, gettid};

use super::limits::met;

#[derive(Clone, Copy, PartialEq)]
pub enum Kind {
    Threads,
    Processes,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Kind::Threads => "threads",
            Kind::Processes => "processes",
        }
    }
}

/// What the crowd tells.
pub enum News {
    /// A thread or a process is there.
    IsThere(Pid),
    /// Another one could not be started, after so many.
    Refused { why: Errno, after: usize },
}

/// It is killed when it is dropped, or when this process ends, and its children with it.
pub struct Leader {
    child: Child,
    news: PipeReader,
    gate: PipeWriter,
}

impl Leader {
    pub fn fork(kind: Kind, count: usize, room: Option<u64>) -> Result<Leader> {
        let (news, tell) = pipe().context("pipe")?;
        let (wait, gate) = pipe().context("pipe")?;
        let parent = getpid();
        // SAFETY: this process has one thread, so no lock can be held by a thread that
        // the child does not have.
        let forked = unsafe { fork() };
        let no_room =
            |why| NotHere(format!("no room for a process: {why:?} ({})", met(parent, kind, 0)));
        match forked.map_err(no_room)? {
            ForkResult::Child => {
                // As long as anybody holds these ends, the others never end.
                drop((news, gate));
                child::exit(lead(parent, kind, count, room, &tell, &wait))
            }
            ForkResult::Parent { child } => Ok(Leader { child: Child::new(child), news, gate }),
        }
    }

    pub fn pid(&self) -> Pid {
        self.child.pid()
    }

    /// Lets it start the crowd.
    pub fn begin(&mut self) -> Result<()> {
        self.gate.write_all(&[1]).context("write to the leader")
    }

    /// What it tells next; `None` if it has ended, and all of its crowd.
    pub fn next_news(&mut self) -> Option<News> {
        Some(match self.receive()? {
            error @ ..0 => {
                let after = self.receive()?.try_into().ok()?;
                News::Refused { why: Errno::from_raw(-error), after }
            }
            id => News::IsThere(Pid::from_raw(id)),
        })
    }

    fn receive(&mut self) -> Option<i32> {
        let mut number = [0; 4];
        self.news.read_exact(&mut number).ok()?;
        Some(i32::from_ne_bytes(number))
    }

    /// Closes the gate, so that all of them end, and waits for that.
    pub fn end(self) -> Result<WaitStatus> {
        drop(self.gate);
        self.child.wait()
    }
}

fn lead(
    parent: Pid,
    kind: Kind,
    count: usize,
    room: Option<u64>,
    tell: &PipeWriter,
    mut wait: &PipeReader,
) -> Result<()> {
    child::end_with(parent)?;
    if let Some(bytes) = room.map(|mib| mib << 20) {
        setrlimit(Resource::RLIMIT_AS, bytes, bytes).context("setrlimit(RLIMIT_AS)")?;
    }
    wait.read_exact(&mut [0]).context("wait for the beginning")?;
    match kind {
        Kind::Threads => lead_threads(count, tell, wait),
        Kind::Processes => lead_processes(count, tell, wait),
    }
}

/// The scope ends when all threads have ended.
fn lead_threads(count: usize, tell: &PipeWriter, wait: &PipeReader) -> Result<()> {
    // One that finds no room for a second stack panics. The demo says so.
    panics::be_quiet();
    thread::scope(|scope| {
        for started in 0..count {
            let thread = thread::Builder::new().spawn_scoped(scope, || take_part(tell, wait));
            if let Err(why) = thread {
                return refuse(tell, why.raw_os_error(), started);
            }
        }
        Ok(())
    })
}

fn lead_processes(count: usize, tell: &PipeWriter, wait: &PipeReader) -> Result<()> {
    let leader = getpid();
    let mut children = Vec::new();
    for _ in 0..count {
        // SAFETY: this process has one thread, so no lock can be held by a thread that
        // the child does not have.
        match unsafe { fork() } {
            Ok(ForkResult::Child) => {
                child::exit(child::end_with(leader).and_then(|()| take_part(tell, wait)))
            }
            Ok(ForkResult::Parent { child }) => children.push(Child::new(child)),
            Err(why) => {
                refuse(tell, Some(why as i32), children.len())?;
                break;
            }
        }
    }
    children.into_iter().try_for_each(Child::join)
}

/// What each of the crowd does.
fn take_part(tell: &PipeWriter, mut wait: &PipeReader) -> Result<()> {
    send(tell, &gettid().as_raw().to_ne_bytes())?;
    wait.read_to_end(&mut Vec::new()).context("wait for the end")?;
    Ok(())
}

fn refuse(tell: &PipeWriter, error: Option<i32>, after: usize) -> Result<()> {
    let numbers = [-error.unwrap_or(Errno::EAGAIN as i32), i32::try_from(after)?];
    send(tell, &numbers.map(i32::to_ne_bytes).concat())
}

/// So short a message is written in one piece: pipe(7).
fn send(mut tell: &PipeWriter, message: &[u8]) -> Result<()> {
    tell.write_all(message).context("write to the demo")
}
