//! A worker: a process that runs tasks until its parent has no more.

use std::fs::File;
use std::io::{ErrorKind, IoSliceMut, Read, stdin};
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::net::UnixStream;

use anyhow::{Context, Result, bail, ensure};
use common::child;
use nix::sys::signal::{SigHandler, Signal, signal};
use nix::sys::socket::{ControlMessageOwned, MsgFlags, RecvMsg, recvmsg, send};
use nix::unistd::{Pid, dup2_stdin};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Tasks;
use super::flow::{Kind, Put, Reader, Writer};
use super::function::keep_panics;
use super::shared::Shared;

/// The argument that makes a program a worker.
pub const WORKER: &str = "pool-worker";

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
    let [tasks_in, results_out] = receive_descriptors(&socket)?;
    let memory = [Shared::map(&tasks_in)?, Shared::map(&results_out)?];
    work(tasks, Pid::from_raw(parent), socket, memory)
}

/// Runs the tasks that come, until the parent closes the socket.
pub fn work(tasks: Tasks, parent: Pid, socket: UnixStream, memory: [Shared; 2]) -> Result<()> {
    // However the parent ends, a worker does not go on without it.
    if child::end_with(parent).is_err() {
        return Ok(());
    }
    // Ctrl-C goes to all processes in the terminal. What then happens to the pool is
    // the parent's business.
    // SAFETY: no handler is installed, so none can run at a bad moment.
    unsafe { signal(Signal::SIGINT, SigHandler::SigIgn) }.context("signal")?;
    keep_panics();

    let [tasks_in, results_out] = memory;
    let bell = socket.try_clone().context("dup")?;
    let mut results = Outbox { flow: Writer::new(results_out), bell };
    let mut arguments = Inbox { flow: Reader::new(tasks_in), bell: socket };
    while arguments.wait_for_chunk()? {
        let (function, count) = arguments.take_header()?;
        let task = tasks.get(function as usize).context("parent and worker differ")?;
        task.run(count, &mut arguments, &mut results)?;
        results.tell()?;
    }
    Ok(())
}

/// The tasks that come to a worker.
pub struct Inbox {
    flow: Reader,
    /// A byte comes when there is something new, the end when the parent wants no more.
    bell: UnixStream,
}

/// What stands before the arguments of a chunk: which function, and how many tasks.
pub fn chunk_header(function: u32, count: u32) -> [u8; 8] {
    (u64::from(function) << 32 | u64::from(count)).to_le_bytes()
}

impl Inbox {
    /// Waits for a chunk and begins it; false when there will be none.
    fn wait_for_chunk(&mut self) -> Result<bool> {
        while !self.flow.begin_chunk() {
            self.flow.sleep(true);
            if self.flow.begin_chunk() {
                self.flow.sleep(false);
                return Ok(true);
            }
            if !self.wait_for_bell()? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn take_header(&mut self) -> Result<(u32, u32)> {
        let bytes = self.flow.written().first_chunk().context("a chunk without its header")?;
        let header = u64::from_le_bytes(*bytes);
        self.flow.take(size_of_val(&header));
        Ok(((header >> 32) as u32, header as u32))
    }

    /// Waits for the next argument. Inside is why it cannot be read.
    ///
    /// # Errors
    /// If the parent is gone.
    pub fn take<A: DeserializeOwned>(&mut self) -> Result<Result<A, String>> {
        self.wait_for_bytes()?;
        let bytes = self.flow.written();
        if bytes[0] == Kind::Small as u8 {
            let length = bytes.len();
            let (argument, rest) = match postcard::take_from_bytes(&bytes[1..]) {
                Ok((argument, rest)) => (argument, rest.len()),
                // Where the next one begins is not known: this worker has to go.
                Err(why) => bail!("read an argument: {why}"),
            };
            self.flow.take(length - rest);
            return Ok(Ok(argument));
        }
        let (kind, length) = self.flow.take_prefix()?;
        let mut bytes = Vec::with_capacity(length);
        while bytes.len() < length {
            self.wait_for_bytes()?;
            let written = self.flow.written();
            let piece = written.len().min(length - bytes.len());
            bytes.extend_from_slice(&written[..piece]);
            self.flow.take(piece);
        }
        Ok(match kind {
            Kind::Large => postcard::from_bytes(&bytes).map_err(|why| why.to_string()),
            _ => Err(String::from_utf8_lossy(&bytes).into_owned()),
        })
    }

    /// Waits until anything has come.
    #[inline]
    fn wait_for_bytes(&mut self) -> Result<()> {
        while self.flow.written().is_empty() {
            self.flow.sleep(true);
            if !self.flow.written().is_empty() {
                break;
            }
            ensure!(self.wait_for_bell()?, "the parent is gone");
        }
        Ok(())
    }

    /// Sleeps until the parent rings; false if it has closed the socket.
    fn wait_for_bell(&mut self) -> Result<bool> {
        match self.bell.read(&mut [0; 64]) {
            Ok(bytes) => Ok(bytes > 0),
            // It was killed, and had not heard this worker's last bell.
            Err(why) if why.kind() == ErrorKind::ConnectionReset => Ok(false),
            Err(why) if why.kind() == ErrorKind::Interrupted => Ok(true),
            Err(why) => Err(why).context("wait for the parent"),
        }
    }
}

/// The results of a worker.
pub struct Outbox {
    flow: Writer,
    /// A byte that is sent here wakes the parent.
    bell: UnixStream,
}

impl Outbox {
    /// Writes a result.
    ///
    /// # Errors
    /// If the parent is gone.
    pub fn put<R: Serialize>(&mut self, result: &R) -> Result<()> {
        match self.flow.put(result) {
            Put::Done(_) => Ok(()),
            Put::Impossible(why) => self.put_text(Kind::Unreadable, &why),
            Put::NoRoom => match postcard::to_stdvec(result) {
                Ok(bytes) => self.put_large(Kind::Large, &bytes),
                Err(why) => self.put_text(Kind::Unreadable, &why.to_string()),
            },
        }
    }

    /// Writes a text in place of a result.
    ///
    /// # Errors
    /// If the parent is gone.
    pub fn put_text(&mut self, kind: Kind, text: &str) -> Result<()> {
        self.put_large(kind, text.as_bytes())
    }

    fn put_large(&mut self, kind: Kind, mut bytes: &[u8]) -> Result<()> {
        while !self.flow.put_prefix(kind, bytes.len()) {
            self.tell()?;
            self.flow.sleep_until_room(16);
        }
        while !bytes.is_empty() {
            let piece = self.flow.put_piece(bytes);
            bytes = &bytes[piece..];
            self.tell()?;
            if piece == 0 {
                self.flow.sleep_until_room(1);
            }
        }
        Ok(())
    }

    /// Wakes the parent if it sleeps.
    fn tell(&mut self) -> Result<()> {
        if self.flow.reader_sleeps() {
            send(self.bell.as_raw_fd(), &[1], MsgFlags::MSG_NOSIGNAL).context("wake the parent")?;
        }
        Ok(())
    }
}

/// Receives the descriptors of the shared memory: for tasks, and for results.
fn receive_descriptors(socket: &UnixStream) -> Result<[OwnedFd; 2]> {
    let mut byte = [0];
    let mut slices = [IoSliceMut::new(&mut byte)];
    let mut space = nix::cmsg_space!([i32; 2]);
    let flags = MsgFlags::MSG_CMSG_CLOEXEC;
    let message: RecvMsg<()> =
        recvmsg(socket.as_raw_fd(), &mut slices, Some(&mut space), flags).context("recvmsg")?;
    for control in message.cmsgs().context("control messages")? {
        if let ControlMessageOwned::ScmRights(descriptors) = control
            && let [tasks, results] = descriptors[..]
        {
            // SAFETY: the kernel has just given these descriptors to nobody but us.
            return Ok([tasks, results].map(|fd| unsafe { OwnedFd::from_raw_fd(fd) }));
        }
    }
    bail!("the parent sent no memory")
}
