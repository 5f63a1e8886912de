//! The work of the leader: it starts threads or processes. Each of them reports that it is
//! there, and stays until the gate closes.

use std::io::{PipeReader, PipeWriter, Read, Write};
use std::thread;

use anyhow::{Context, Result};
use common::child::{Child, fork_child};
use common::panics;
use nix::errno::Errno;
use nix::sys::resource::{Resource, setrlimit};
use nix::unistd::gettid;

use super::Kind;

/// What the leader does, the child of the demo.
pub fn lead(
    kind: Kind,
    count: usize,
    room: Option<u64>,
    reports: &PipeWriter,
    mut wait: &PipeReader,
) -> Result<()> {
    if let Some(bytes) = room.map(|mib| mib << 20) {
        use_one_arena();
        setrlimit(Resource::RLIMIT_AS, bytes, bytes).context("setrlimit(RLIMIT_AS)")?;
    }
    wait.read_exact(&mut [0]).context("wait for the beginning")?;
    match kind {
        Kind::Threads => lead_threads(count, reports, wait),
        Kind::Processes => lead_processes(count, reports, wait),
    }
}

/// Lets all threads of this process allocate from one arena. Each would try to reserve another for
/// itself, of 128 MiB for a moment. Where that is all there is, another thread that needs only a
/// few bytes just then finds nothing, and the C library aborts the process.
fn use_one_arena() {
    // SAFETY: it changes a setting of the allocator, before there is a second thread.
    #[cfg(target_env = "gnu")]
    unsafe {
        nix::libc::mallopt(nix::libc::M_ARENA_MAX, 1)
    };
}

/// The scope ends when all of them have done their work.
fn lead_threads(count: usize, reports: &PipeWriter, wait: &PipeReader) -> Result<()> {
    // A thread that finds no room for its second stack panics. The demo reports it.
    panics::silence();
    thread::scope(|scope| {
        for started in 0..count {
            let thread = thread::Builder::new().spawn_scoped(scope, || take_part(reports, wait));
            if let Err(why) = thread {
                return refuse(reports, why.raw_os_error(), started);
            }
        }
        Ok(())
    })
}

fn lead_processes(count: usize, reports: &PipeWriter, wait: &PipeReader) -> Result<()> {
    let mut children = Vec::new();
    for _ in 0..count {
        match fork_child(|| take_part(reports, wait)) {
            Ok(child) => children.push(child),
            Err(error) => {
                let why: Errno = error.downcast()?;
                refuse(reports, Some(why as i32), children.len())?;
                break;
            }
        }
    }
    children.into_iter().try_for_each(Child::join)
}

/// What each of the crowd does.
fn take_part(reports: &PipeWriter, mut wait: &PipeReader) -> Result<()> {
    send(reports, &gettid().as_raw().to_ne_bytes())?;
    wait.read_to_end(&mut Vec::new()).context("wait for the end")?;
    Ok(())
}

fn refuse(reports: &PipeWriter, error: Option<i32>, after: usize) -> Result<()> {
    let numbers = [-error.unwrap_or(Errno::EAGAIN as i32), i32::try_from(after)?];
    send(reports, &numbers.map(i32::to_ne_bytes).concat())
}

/// The kernel writes a short message in one piece: pipe(7).
fn send(mut reports: &PipeWriter, message: &[u8]) -> Result<()> {
    reports.write_all(message).context("write to the demo")
}
