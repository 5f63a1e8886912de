//! The work of the leader: it starts threads or processes. Each of them tells that it is
//! there, and stays until the gate closes.

use std::io::{PipeReader, PipeWriter, Read, Write};
use std::thread;

use anyhow::{Context, Result};
use common::child::{self, Child};
use common::panics;
use nix::errno::Errno;
use nix::sys::resource::{Resource, setrlimit};
use nix::unistd::{ForkResult, Pid, fork, getpid, gettid};

use super::leader::Kind;

/// What the leader does, the child of the demo.
pub fn lead(
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
    panics::silence();
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
