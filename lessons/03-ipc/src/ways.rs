//! Four ways to send bytes to another process, with the same few operations, for the demos
//! `killed-writer` and `killed-reader`.

use std::os::fd::OwnedFd;

use anyhow::{Context, Result};
use ipc_channel::IpcError;
use ipc_channel::ipc::{self, IpcReceiver, IpcSender};
use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::sys::socket::{AddressFamily, SockFlag, SockType, socketpair};
use nix::unistd::{pipe2, read, write};

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Way {
    Pipe,
    Stream,
    SeqPacket,
    Ipc,
}

impl Way {
    pub const ALL: [Way; 4] = [Way::Pipe, Way::Stream, Way::SeqPacket, Way::Ipc];

    pub fn name(self) -> &'static str {
        match self {
            Way::Pipe => "pipe",
            Way::Stream => "stream socket",
            Way::SeqPacket => "seqpacket socket",
            Way::Ipc => "ipc-channel",
        }
    }

    /// The size in bytes of a message that the kernel's buffer cannot hold. A seqpacket
    /// socket refuses such a message: a few of this size fill its buffer.
    pub fn too_large(self) -> usize {
        if self == Way::SeqPacket { 100_000 } else { 1 << 20 }
    }

    pub fn open(self) -> Result<(Writer, Reader)> {
        let pair = |kind| {
            socketpair(AddressFamily::Unix, kind, None, SockFlag::SOCK_CLOEXEC)
                .context("socketpair")
        };
        let (read_end, write_end) = match self {
            Way::Pipe => pipe2(OFlag::O_CLOEXEC).context("pipe")?,
            Way::Stream => pair(SockType::Stream)?,
            Way::SeqPacket => pair(SockType::SeqPacket)?,
            Way::Ipc => {
                let (sender, receiver) = ipc::channel().context("channel")?;
                return Ok((Writer::Ipc(sender), Reader::Ipc(receiver)));
            }
        };
        Ok((Writer::Descriptor(write_end), Reader::Descriptor(read_end)))
    }
}

/// Prints a row of a table: a way, and what happens at three moments.
pub fn row(name: &str, cells: [String; 3]) {
    let [first, second, third] = cells;
    println!("{}", format!("  {name:16}  {first:18}  {second:26}  {third}").trim_end());
}

pub enum Writer {
    Descriptor(OwnedFd),
    Ipc(IpcSender<String>),
}

pub enum Reader {
    Descriptor(OwnedFd),
    Ipc(IpcReceiver<String>),
}

impl Writer {
    /// Writes a message, in as many calls as it takes.
    pub fn write(&self, mut message: &[u8]) -> Result<(), Errno> {
        match self {
            Writer::Descriptor(end) => {
                while !message.is_empty() {
                    let count = write(end, message)?;
                    message = &message[count..];
                }
                Ok(())
            }
            Writer::Ipc(sender) => {
                let text = String::from_utf8_lossy(message).into_owned();
                sender.send(text).map_err(errno)
            }
        }
    }

    /// Reads at the end that writes: what comes instead of an answer.
    pub fn read_answer(&self) -> String {
        match self {
            Writer::Descriptor(end) => {
                read_once(end).map_or_else(|end| end, |count| format!("{count} bytes"))
            }
            Writer::Ipc(_) => "nothing: it has one direction".to_owned(),
        }
    }
}

impl Reader {
    /// Reads once: how many bytes came, or what came instead of them.
    pub fn read(&self) -> Result<usize, String> {
        match self {
            Reader::Descriptor(end) => read_once(end),
            Reader::Ipc(receiver) => match receiver.recv() {
                Ok(message) => Ok(message.len()),
                Err(IpcError::Disconnected) => Err("Disconnected".to_owned()),
                Err(error) => Err(format!("{:?}", errno(error))),
            },
        }
    }
}

fn read_once(end: &OwnedFd) -> Result<usize, String> {
    match read(end, &mut vec![0; 1 << 20]) {
        Ok(0) => Err("end of file".to_owned()),
        result => result.map_err(|error| format!("{error:?}")),
    }
}

/// The system's error inside an error of ipc-channel.
fn errno(error: IpcError) -> Errno {
    match error {
        IpcError::Io(error) => Errno::from_raw(error.raw_os_error().unwrap_or(0)),
        _ => Errno::UnknownErrno,
    }
}
