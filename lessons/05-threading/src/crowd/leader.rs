//! A process whose threads, or whose children, are the crowd. Each of them reports that it
//! is there, and stays until the gate closes.

use std::io::{PipeReader, PipeWriter, Read, Write, pipe};

use anyhow::{Context, Error, Result};
use common::Unsupported;
use common::child::{self, Child};
use nix::errno::Errno;
use nix::sys::wait::WaitStatus;
use nix::unistd::{Pid, getpid};

use super::Kind;
use super::lead::lead;
use super::limits::met;

/// What the crowd reports.
pub enum News {
    /// A thread or a process is there.
    Started(Pid),
    /// The next one could not be started, after `after` of them.
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
        let (news, reports) = pipe().context("pipe")?;
        let (wait, gate) = pipe().context("pipe")?;
        let refused = |error: Error| match error.downcast::<Errno>() {
            Ok(why) => {
                let limit = met(getpid(), 0);
                Unsupported(format!("no room for a process: {why:?} ({limit})")).into()
            }
            Err(error) => error,
        };
        let Some(child) = child::fork().map_err(refused)? else {
            // While any process holds these ends, the pipes do not end.
            drop((news, gate));
            child::exit(lead(kind, count, room, &reports, &wait))
        };
        Ok(Leader { child, news, gate })
    }

    pub fn pid(&self) -> Pid {
        self.child.pid()
    }

    /// Lets it start the crowd.
    pub fn begin(&mut self) -> Result<()> {
        self.gate.write_all(&[1]).context("write to the leader")
    }

    /// The next report; `None` if it has ended, and all of its crowd.
    pub fn next_news(&mut self) -> Option<News> {
        let number = self.receive()?;
        if number < 0 {
            let after = self.receive()?.try_into().ok()?;
            return Some(News::Refused { why: Errno::from_raw(-number), after });
        }
        Some(News::Started(Pid::from_raw(number)))
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
