//! Ways to send messages from one process to another. Each has two ends, made before a
//! fork: a function that sends a message, and one that receives it.

use std::io::{Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;

use anyhow::{Context, Result, ensure};
use ipc_channel::ipc;
use nix::sys::socket::sockopt::SndBuf;
use nix::sys::socket::{
    AddressFamily, MsgFlags, SockFlag, SockType, getsockopt, recv, send, socketpair,
};

/// Sends a message.
pub type Send = Box<dyn FnMut(&[u8]) -> Result<()>>;

/// Receives a message of the length that the vector has.
pub type Receive = Box<dyn FnMut(&mut Vec<u8>) -> Result<()>>;

/// Both ends of a way; `None` if messages of the wanted length are too long for it.
pub type Ends = Option<(Send, Receive)>;

/// A way to send messages.
pub struct Way {
    /// Its name in a table.
    pub name: &'static str,
    /// Makes both ends, for messages of up to this length.
    pub open: fn(usize) -> Result<Ends>,
}

pub const WAYS: [Way; 6] = [
    Way { name: "pipe", open: pipe },
    Way { name: "socket, stream", open: stream_socket },
    Way { name: "socket, seqpacket", open: seqpacket_socket },
    Way { name: "ipc-channel, typed", open: typed_channel },
    Way { name: "ipc-channel, bytes", open: bytes_channel },
    Way { name: "shared memory, ring", open: ring },
];

fn ends(
    send: impl FnMut(&[u8]) -> Result<()> + 'static,
    receive: impl FnMut(&mut Vec<u8>) -> Result<()> + 'static,
) -> Result<Ends> {
    Ok(Some((Box::new(send), Box::new(receive))))
}

fn pipe(_longest: usize) -> Result<Ends> {
    let (read_end, write_end) = std::io::pipe().context("pipe")?;
    stream(write_end, read_end)
}

fn stream_socket(_longest: usize) -> Result<Ends> {
    let (ours, theirs) = UnixStream::pair().context("socketpair")?;
    stream(ours, theirs)
}

/// A stream of bytes has no messages: both sides know how long they are.
fn stream(mut to: impl Write + 'static, mut from: impl Read + 'static) -> Result<Ends> {
    ends(
        move |message| to.write_all(message).context("write"),
        move |message| from.read_exact(message).context("read"),
    )
}

/// This socket keeps messages apart.
fn seqpacket_socket(longest: usize) -> Result<Ends> {
    let (ours, theirs) =
        socketpair(AddressFamily::Unix, SockType::SeqPacket, None, SockFlag::SOCK_CLOEXEC)
            .context("socketpair")?;
    // A message has to fit into the buffer as a whole, with the kernel's own data about it.
    let buffer = getsockopt(&ours, SndBuf).context("getsockopt(SO_SNDBUF)")?;
    if longest + 4096 > buffer {
        return Ok(None);
    }
    ends(
        move |message| {
            // Otherwise SIGPIPE would kill a process whose receiver is gone.
            let flags = MsgFlags::MSG_NOSIGNAL;
            let sent = send(ours.as_raw_fd(), message, flags).context("send")?;
            ensure!(sent == message.len(), "{sent} of {} bytes were sent", message.len());
            Ok(())
        },
        move |message| {
            let length = recv(theirs.as_raw_fd(), message, MsgFlags::empty()).context("recv")?;
            ensure!(length == message.len(), "a message of {length} bytes, not {}", message.len());
            Ok(())
        },
    )
}

fn typed_channel(_longest: usize) -> Result<Ends> {
    let (sender, receiver) = ipc::channel::<Vec<u8>>().context("ipc::channel")?;
    ends(
        move |message| sender.send(message.to_vec()).context("send"),
        move |message| {
            *message = receiver.recv().context("recv")?;
            Ok(())
        },
    )
}

fn bytes_channel(_longest: usize) -> Result<Ends> {
    let (sender, receiver) = ipc::bytes_channel().context("ipc::bytes_channel")?;
    ends(
        move |message| sender.send(message).context("send"),
        move |message| {
            *message = receiver.recv().context("recv")?;
            Ok(())
        },
    )
}

/// Has room for a few messages, so that one can be written while another is read, and at
/// least for 64 KiB, as a pipe has.
fn ring(longest: usize) -> Result<Ends> {
    let (mut sender, mut receiver) = ring::ring((3 * longest).max(32 << 10))?;
    ends(
        move |message| Ok(sender.send(message)?),
        move |message| Ok(receiver.recv(message).map(drop)?),
    )
}
