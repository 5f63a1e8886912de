//! A worker's own side: a process that runs tasks until its parent has no more.

mod inbox;
mod interrupt;
mod outbox;
mod panics;

use std::fs::File;
use std::io::{IoSliceMut, stdin};
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use anyhow::{Context, Result, anyhow, bail};
use common::child;
use nix::sys::prctl::set_name;
use nix::sys::socket::{ControlMessageOwned, MsgFlags, RecvMsg, recvmsg};
use nix::unistd::{Pid, dup2_stdin};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::flow::value::decode;
use super::flow::{Kind, Reader, Shared, Writer};
use super::function::Identity;
use super::{Function, PoolError};
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

    /// What distinguishes it from other functions of this process.
    #[doc(hidden)]
    fn identity(&self) -> Identity;

    /// Its name and its types.
    #[doc(hidden)]
    fn signature(&self) -> String;

    /// Runs it with the next `count` arguments, and puts the result of each. Returns false if
    /// the parent is gone.
    ///
    /// # Errors
    /// If the parent cannot be heard or woken.
    #[doc(hidden)]
    fn run(&self, count: usize, arguments: &mut Inbox, results: &mut Outbox) -> Result<bool>;
}

impl<A: DeserializeOwned + 'static, R: Serialize + 'static> Task for Function<A, R> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn is_repeatable(&self) -> bool {
        self.repeatable
    }

    fn identity(&self) -> Identity {
        self.identity()
    }

    fn signature(&self) -> String {
        self.signature()
    }

    fn run(&self, count: usize, arguments: &mut Inbox, results: &mut Outbox) -> Result<bool> {
        for left in (1..=count).rev() {
            let Some((kind, argument)) = arguments.next(left)? else { return Ok(false) };
            if kind == Kind::Value {
                // A panic ends here, and only this task can see what it left half done.
                let result = catch_unwind(AssertUnwindSafe(|| self.run_once(argument, results)));
                if results.is_in_copy() {
                    leave_copy(result);
                }
                match result {
                    Ok(Ok(())) => results.put()?,
                    Ok(Err(why)) => results.put_text(Kind::Unreadable, &why)?,
                    Err(panic) => results.put_text(Kind::Panicked, &panics::take(panic))?,
                }
                panics::print_caught();
            } else {
                // The argument could not be written. That is the result.
                results.put_text(kind, &String::from_utf8_lossy(argument))?;
            }
        }
        Ok(true)
    }
}

impl<A: DeserializeOwned, R: Serialize> Function<A, R> {
    /// Runs it with an argument, and writes the result, but does not put it.
    fn run_once(&self, argument: &[u8], results: &mut Outbox) -> Result<(), String> {
        let argument =
            decode(argument).map_err(|why| format!("its argument cannot be read: {why}"))?;
        let result = (self.call)(argument);
        results.write(&result).map_err(|why| format!("its result cannot be written: {why}"))
    }
}

/// Ends a process that the task has forked and that has returned from it. The worker goes on;
/// both would read the same arguments, and write their results to the same place.
#[cold]
fn leave_copy(result: thread::Result<Result<(), String>>) -> ! {
    child::exit(match result {
        Ok(_) => Ok(()),
        Err(panic) => Err(anyhow!("a child of a task panicked {}", panics::take(panic))),
    })
}

/// The functions of this program, as it has called [`work_if_worker`] first.
static REGISTERED: OnceLock<Tasks> = OnceLock::new();

/// Whether this process is a worker.
static IS_WORKER: AtomicBool = AtomicBool::new(false);

/// Makes this program a worker if it was started as one; otherwise does nothing. Call it
/// first in `main`, with the functions that the pool is made with.
///
/// A worker is the same program started once more. Without this call it would not become a
/// worker, so a program that has not made it cannot make a pool.
pub fn work_if_worker(tasks: Tasks) {
    // A worker does not return from the first call, so only that one counts.
    let _ = REGISTERED.set(tasks);
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next().is_some_and(|argument| argument == WORKER) {
        let parent = arguments.next().and_then(|id| id.to_str()?.parse().ok());
        child::exit(work(tasks, parent));
    }
}

/// Fails unless the workers of this program can run these functions.
///
/// # Errors
/// If this is a worker, or the program has registered no functions or other ones.
pub fn check(tasks: Tasks) -> Result<(), PoolError> {
    if IS_WORKER.load(Ordering::Relaxed) {
        return Err(PoolError::InWorker);
    }
    let registered = *REGISTERED.get().ok_or(PoolError::NotRegistered)?;
    let identities = |tasks: Tasks| tasks.iter().map(|task| task.identity());
    if identities(tasks).eq(identities(registered)) {
        return Ok(());
    }
    Err(PoolError::OtherFunctions { pool: signatures(tasks), worker: signatures(registered) })
}

/// The names and types of these functions.
pub fn signatures(tasks: Tasks) -> String {
    let signatures: Vec<String> = tasks.iter().map(|task| task.signature()).collect();
    signatures.join("; ")
}

/// Runs tasks until the parent closes the socket.
fn work(tasks: Tasks, parent: Option<i32>) -> Result<()> {
    let parent = parent.context("a worker is started by its pool")?;
    // However the parent ends, its workers end, too.
    if child::end_with(Pid::from_raw(parent)).is_err() {
        return Ok(());
    }
    IS_WORKER.store(true, Ordering::Relaxed);
    interrupt::survive()?;
    panics::keep();
    // `ps` and `top` would show "exe", after /proc/self/exe.
    set_name(c"pool-worker").context("prctl(PR_SET_NAME)")?;

    // Standard input is the socket, which the processes that tasks start must not inherit.
    let socket = stdin().as_fd().try_clone_to_owned().context("dup")?;
    dup2_stdin(File::open("/dev/null").context("/dev/null")?).context("dup2")?;
    let socket = UnixStream::from(socket);
    let Some(memory) = receive_descriptors(&socket)? else { return Ok(()) };
    // Mapped, it needs no descriptors, which tasks might use.
    let [arguments, results] = memory.map(|memory| Shared::map(&memory));
    // One descriptor for both directions: if a task closes it, or puts another file in its place,
    // the parent sees that the socket is closed.
    let socket = Rc::new(socket);
    let mut results = Outbox::new(Writer::new(results?), socket.clone())?;
    let mut arguments = Inbox::new(Reader::new(arguments?), socket);

    if !greet(tasks, &mut arguments, &mut results)? {
        return Ok(());
    }
    while let Some(header) = arguments.next_chunk()? {
        let task = *tasks.get(header.function as usize).context("no such function")?;
        if !task.run(header.count as usize, &mut arguments, &mut results)? {
            // The parent is gone.
            return Ok(());
        }
        results.wake_parent()?;
    }
    Ok(())
}

/// Tells the parent whether it has the same functions. Returns whether it will send tasks.
fn greet(tasks: Tasks, arguments: &mut Inbox, results: &mut Outbox) -> Result<bool> {
    let Some((_, theirs)) = arguments.next(1)? else { return Ok(false) };
    let ours = signatures(tasks);
    let same = theirs == ours.as_bytes();
    results.put_text(if same { Kind::Value } else { Kind::Unreadable }, &ours)?;
    results.wake_parent()?;
    Ok(same)
}

/// Receives the descriptors of the memory for arguments and for results; `None` if the parent
/// is gone.
fn receive_descriptors(socket: &UnixStream) -> Result<Option<[OwnedFd; 2]>> {
    let mut byte = [0];
    let mut slices = [IoSliceMut::new(&mut byte)];
    let mut space = nix::cmsg_space!([i32; 2]);
    let flags = MsgFlags::MSG_CMSG_CLOEXEC;
    let message: RecvMsg<()> =
        recvmsg(socket.as_raw_fd(), &mut slices, Some(&mut space), flags).context("recvmsg")?;
    if message.bytes == 0 {
        return Ok(None);
    }
    for control in message.cmsgs().context("control messages")? {
        if let ControlMessageOwned::ScmRights(descriptors) = control
            && let [arguments, results] = descriptors[..]
        {
            // SAFETY: the kernel has just made these descriptors, for this call only.
            return Ok(Some([arguments, results].map(|fd| unsafe { OwnedFd::from_raw_fd(fd) })));
        }
    }
    bail!("the parent sent no memory")
}
