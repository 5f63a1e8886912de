//! Starting a worker: the same program once more, or a fork of this one.

use std::io::IoSlice;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use common::child::{self, Child};
use nix::errno::Errno;
use nix::sys::socket::{ControlMessage, MsgFlags, sendmsg};
use nix::unistd::{ForkResult, Pid, fork, getpid};

use super::Tasks;
use super::shared::Shared;
use super::worker::{WORKER, work};

/// A worker that was started: the process, the socket to it, the memory for tasks and
/// for results.
pub type Started = (Child, UnixStream, [Shared; 2]);

/// Starts this program once more, as a worker.
///
/// # Errors
/// If the system refuses.
pub fn start_program() -> Result<Started> {
    let (ours, theirs) = UnixStream::pair().context("socketpair")?;
    let (tasks, tasks_fd) = Shared::new()?;
    let (results, results_fd) = Shared::new()?;
    let program = std::env::current_exe().context("this program's path")?;
    let started = Command::new(&program)
        .args([WORKER, &getpid().to_string()])
        .stdin(Stdio::from(OwnedFd::from(theirs)))
        .spawn()
        .with_context(|| format!("start {}", program.display()))?;
    let child = Child::new(Pid::from_raw(started.id().try_into()?));
    send_descriptors(&ours, &[tasks_fd, results_fd])?;
    Ok((child, ours, [tasks, results]))
}

/// Sends descriptors to the worker, along with a byte.
fn send_descriptors(socket: &UnixStream, memory: &[OwnedFd; 2]) -> Result<()> {
    let descriptors = memory.each_ref().map(AsRawFd::as_raw_fd);
    let rights = [ControlMessage::ScmRights(&descriptors)];
    let flags = MsgFlags::MSG_NOSIGNAL;
    match sendmsg::<()>(socket.as_raw_fd(), &[IoSlice::new(b"!")], &rights, flags, None) {
        // It has ended already. That is noticed as it is of any other.
        Ok(_) | Err(Errno::EPIPE | Errno::ECONNRESET) => Ok(()),
        Err(why) => Err(why).context("sendmsg"),
    }
}

/// Forks a worker. `others` are those that were forked before.
///
/// # Errors
/// If this process has other threads, or the system refuses.
pub fn fork_worker(tasks: Tasks, others: Vec<Started>) -> Result<Vec<Started>> {
    child::ensure_one_thread()?;
    let (ours, theirs) = UnixStream::pair().context("socketpair")?;
    let memory = [Shared::new()?.0, Shared::new()?.0];
    let parent = getpid();
    // SAFETY: this process has one thread, so no lock can be held by a thread that the
    // child does not have.
    match unsafe { fork() }.context("fork")? {
        ForkResult::Child => {
            // The parent's ends: the others' sockets are not ours to hold open.
            drop((ours, others));
            child::exit(work(tasks, parent, theirs, memory))
        }
        ForkResult::Parent { child } => {
            let mut started = others;
            started.push((Child::new(child), ours, memory));
            Ok(started)
        }
    }
}
