//! A worker: a process that runs tasks until its parent has no more.

use std::fs::File;
use std::io::{IoSliceMut, stdin};
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::net::UnixStream;

use anyhow::{Context, Result, bail};
use common::child;
use nix::sys::signal::{SigHandler, Signal, signal};
use nix::sys::socket::{ControlMessageOwned, MsgFlags, RecvMsg, recvmsg};
use nix::unistd::{Pid, dup2_stdin, getppid};

use super::Tasks;
use super::frame::Frames;
use super::function::keep_panics;
use super::results::Writer;
use super::shared::Shared;

/// The argument that makes a program a worker.
pub(crate) const WORKER: &str = "pool-worker";

/// Makes this program a worker if it was started as one; else it does nothing. To be
/// called first in `main`, with the functions that the pool is made with.
///
/// A worker is the same program started once more. Without this call it would not
/// become a worker, but start a pool of its own.
pub fn work_if_worker(tasks: Tasks) {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next().is_some_and(|argument| argument == WORKER) {
        let parent = arguments.next().and_then(|id| id.to_str()?.parse().ok());
        child::exit(start(tasks, parent));
    }
}

fn start(tasks: Tasks, parent: Option<i32>) -> Result<()> {
    let parent = parent.context("a worker is started by its pool")?;
    // Standard input is the socket. What the tasks start is not to have it.
    let socket = stdin().as_fd().try_clone_to_owned().context("dup")?;
    dup2_stdin(File::open("/dev/null").context("/dev/null")?).context("dup2")?;
    let socket = UnixStream::from(socket);
    let memory = receive_descriptor(&socket)?;
    work(tasks, Pid::from_raw(parent), socket, Shared::map(&memory)?)
}

/// Runs the tasks that come, until the parent closes the socket.
pub(crate) fn work(tasks: Tasks, parent: Pid, socket: UnixStream, shared: Shared) -> Result<()> {
    // However the parent ends, a worker does not go on without it.
    if child::end_with(parent).is_err() {
        return Ok(());
    }
    // Ctrl-C goes to all processes in the terminal. What then happens to the pool is
    // the parent's business.
    // SAFETY: no handler is installed, so none can run at a bad moment.
    unsafe { signal(Signal::SIGINT, SigHandler::SigIgn) }.context("signal")?;
    keep_panics();

    let mut results = Writer::new(shared, socket.try_clone().context("dup")?);
    let mut frames = Frames::new(socket);
    while let Some(frame) = frames.next()? {
        if !results.begin() {
            results.tell()?;
            continue;
        }
        let Some(task) = tasks.get(frame.function) else {
            bail!("no function {}: parent and worker differ", frame.function)
        };
        task.run(frame.count, frame.arguments, &mut results)?;
        results.tell()?;
    }
    Ok(())
}

/// Receives the descriptor of the shared memory.
fn receive_descriptor(socket: &UnixStream) -> Result<OwnedFd> {
    let mut byte = [0];
    let mut slices = [IoSliceMut::new(&mut byte)];
    let mut space = nix::cmsg_space!([i32; 1]);
    let flags = MsgFlags::MSG_CMSG_CLOEXEC;
    let message: RecvMsg<()> =
        recvmsg(socket.as_raw_fd(), &mut slices, Some(&mut space), flags).context("recvmsg")?;
    for control in message.cmsgs().context("control messages")? {
        if let ControlMessageOwned::ScmRights(descriptors) = control
            && let [descriptor] = descriptors[..]
        {
            // SAFETY: the kernel has just given this descriptor to nobody but us.
            return Ok(unsafe { OwnedFd::from_raw_fd(descriptor) });
        }
    }
    bail!("the parent (pid {}) sent no memory", getppid())
}
