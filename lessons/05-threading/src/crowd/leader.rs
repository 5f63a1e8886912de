//! A process whose threads, or whose children, are the crowd. Each of them tells that it
//! is there, and stays until the gate closes.

use std::io::{PipeReader, PipeWriter, Read, Write, pipe};

use anyhow::{Context, Result};
use common::Unsupported;
use common::child::{self, Child};
use nix::errno::Errno;
use nix::sys::wait::WaitStatus;
use nix::unistd::{ForkResult, Pid, fork, getpid};

use super::lead::lead;
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
            |why| Unsupported(format!("no room for a process: {why:?} ({})", met(parent, kind, 0)));
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
