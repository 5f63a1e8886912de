//! Starting a worker: this program once more.

use std::io::IoSlice;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use common::child::Child;
use nix::errno::Errno;
use nix::sys::socket::{ControlMessage, MsgFlags, sendmsg};
use nix::unistd::{Pid, getpid};

use crate::child::WORKER;
use crate::flow::Shared;

/// A worker that was started: the process, the socket to it, the memory for arguments and
/// the memory for results.
pub type Started = (Child, UnixStream, [Shared; 2]);

/// Starts this program once more, as a worker. The worker ends with the calling thread.
///
/// # Errors
/// If the system refuses.
pub fn start_worker() -> Result<Started> {
    let (ours, theirs) = UnixStream::pair().context("socketpair")?;
    let (arguments, arguments_fd) = Shared::new()?;
    let (results, results_fd) = Shared::new()?;
    // Not its path: a newer build may have replaced the file there.
    let mut command = Command::new("/proc/self/exe");
    if let Some(name) = std::env::args_os().next() {
        command.arg0(name);
    }
    let started = command
        .args([WORKER, &getpid().to_string()])
        .stdin(Stdio::from(OwnedFd::from(theirs)))
        .spawn()
        .context("start /proc/self/exe")?;
    let child = Child::new(Pid::from_raw(started.id().try_into()?));
    send_descriptors(&ours, &[arguments_fd, results_fd])?;
    Ok((child, ours, [arguments, results]))
}

/// Sends descriptors to the worker, along with a byte.
fn send_descriptors(socket: &UnixStream, memory: &[OwnedFd; 2]) -> Result<()> {
    let descriptors = memory.each_ref().map(AsRawFd::as_raw_fd);
    let rights = [ControlMessage::ScmRights(&descriptors)];
    let flags = MsgFlags::MSG_NOSIGNAL;
    match sendmsg::<()>(socket.as_raw_fd(), &[IoSlice::new(b"!")], &rights, flags, None) {
        // A worker that has already ended is noticed like any other death.
        Ok(_) | Err(Errno::EPIPE | Errno::ECONNRESET) => Ok(()),
        Err(why) => Err(why).context("sendmsg"),
    }
}
