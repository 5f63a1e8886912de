//! A worker's own side: a process that runs tasks until its parent has no more.

mod inbox;
mod outbox;

use std::cell::RefCell;
use std::fs::File;
use std::io::{IoSliceMut, stdin};
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::panic::{AssertUnwindSafe, catch_unwind};

use anyhow::{Context, Result, bail};
use common::{child, panics};
use nix::sys::prctl::set_name;
use nix::sys::signal::{SigHandler, Signal, signal};
use nix::sys::socket::{ControlMessageOwned, MsgFlags, RecvMsg, recvmsg};
use nix::unistd::{Pid, dup2_stdin};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Function;
use super::flow::{Kind, Reader, Shared, Writer};
use inbox::Inbox;
use outbox::Outbox;

/// The argument that makes a program a worker.
pub const WORKER: &str = "pool-worker";

/// The functions that the workers of a pool can run.
pub type Tasks = &'static [&'static dyn Task];

/// A [`Function`] of any types.
pub trait Task: Sync {
    /// Its name.
    fn name(&self) -> &'static str;

    /// Whether a task may be run again if its worker dies.
    fn is_repeatable(&self) -> bool;

    /// Runs it with each of the next `count` arguments, and writes the results.
    ///
    /// # Errors
    /// If the parent is gone.
    #[doc(hidden)]
    fn run(&self, count: u32, arguments: &mut Inbox, results: &mut Outbox) -> Result<()>;
}

impl<A: DeserializeOwned, R: Serialize> Task for Function<A, R> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn is_repeatable(&self) -> bool {
        self.repeatable
    }

    fn run(&self, count: u32, arguments: &mut Inbox, results: &mut Outbox) -> Result<()> {
        for _ in 0..count {
            let argument = match arguments.take::<A>()? {
                Ok(argument) => argument,
                Err(why) => {
                    results.put_text(Kind::Unreadable, why)?;
                    continue;
                }
            };
            // A panic ends here, and only this task can see what it left half done.
            match catch_unwind(AssertUnwindSafe(|| (self.call)(argument))) {
                Ok(result) => results.put(&result)?,
                Err(_) => results.put_text(Kind::Panicked, LAST_PANIC.take())?,
            }
        }
        Ok(())
    }
}

thread_local! {
    /// Where and why this thread last panicked.
    static LAST_PANIC: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Makes panics be kept for the result of their task instead of printed.
fn keep_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let message = panics::message(panic.payload());
        let place = panic.location().map(|place| format!("at {place}: ")).unwrap_or_default();
        LAST_PANIC.set(place + message);
    }));
}

/// Makes this program a worker if it was started as one; otherwise does nothing. Call it
/// first in `main`, with the functions that the pool is made with.
///
/// A worker is the same program started once more. Without this call it would not become a
/// worker, but make a pool of its own.
pub fn work_if_worker(tasks: Tasks) {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next().is_some_and(|argument| argument == WORKER) {
        let parent = arguments.next().and_then(|id| id.to_str()?.parse().ok());
        child::exit(work(tasks, parent));
    }
}

/// Runs tasks until the parent closes the socket.
fn work(tasks: Tasks, parent: Option<i32>) -> Result<()> {
    let parent = parent.context("a worker is started by its pool")?;
    // However the parent ends, its workers end, too.
    if child::end_with(Pid::from_raw(parent)).is_err() {
        return Ok(());
    }
    // Ctrl-C goes to all processes in the terminal. What it does to the pool is for the
    // parent to decide.
    // SAFETY: no handler is installed, so none can run at a bad moment.
    unsafe { signal(Signal::SIGINT, SigHandler::SigIgn) }.context("signal")?;
    keep_panics();
    // `ps` and `top` would show "exe", after /proc/self/exe.
    set_name(c"pool-worker").context("prctl(PR_SET_NAME)")?;

    // Standard input is the socket, which the processes that tasks start must not inherit.
    let socket = stdin().as_fd().try_clone_to_owned().context("dup")?;
    dup2_stdin(File::open("/dev/null").context("/dev/null")?).context("dup2")?;
    let socket = UnixStream::from(socket);
    let [arguments, results] = receive_descriptors(&socket)?;
    let bell = socket.try_clone().context("dup")?;
    let mut results = Outbox::new(Writer::new(Shared::map(&results)?), bell);
    let mut arguments = Inbox::new(Reader::new(Shared::map(&arguments)?), socket);
    while let Some(header) = arguments.next_chunk()? {
        let task = tasks.get(header.function as usize).context("parent and worker differ")?;
        task.run(header.count, &mut arguments, &mut results)?;
        results.wake_parent()?;
    }
    Ok(())
}

/// Receives the descriptors of the memory for arguments and for results.
fn receive_descriptors(socket: &UnixStream) -> Result<[OwnedFd; 2]> {
    let mut byte = [0];
    let mut slices = [IoSliceMut::new(&mut byte)];
    let mut space = nix::cmsg_space!([i32; 2]);
    let flags = MsgFlags::MSG_CMSG_CLOEXEC;
    let message: RecvMsg<()> =
        recvmsg(socket.as_raw_fd(), &mut slices, Some(&mut space), flags).context("recvmsg")?;
    for control in message.cmsgs().context("control messages")? {
        if let ControlMessageOwned::ScmRights(descriptors) = control
            && let [arguments, results] = descriptors[..]
        {
            // SAFETY: the kernel has just made these descriptors, for this call only.
            return Ok([arguments, results].map(|fd| unsafe { OwnedFd::from_raw_fd(fd) }));
        }
    }
    bail!("the parent sent no memory")
}
