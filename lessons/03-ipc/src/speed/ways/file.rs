//! Through the kernel, with `write` and `read`: a pipe and two sorts of sockets.

use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;

use anyhow::{Context, Result, ensure};
use nix::sys::socket::sockopt::SndBuf;
use nix::sys::socket::{
    AddressFamily, MsgFlags, SockFlag, SockType, getsockopt, recv, send, socketpair,
};
use std::os::fd::AsRawFd;

use super::{Ends, Receive, Send};

/// A stream of bytes. It has no messages: both sides know how long they are.
struct Stream<T>(T);

impl<T: Write> Send for Stream<T> {
    fn send(&mut self, message: &[u8]) -> Result<()> {
        self.0.write_all(message).context("write")
    }
}

impl<T: Read> Receive for Stream<T> {
    fn receive(&mut self, message: &mut Vec<u8>) -> Result<()> {
        self.0.read_exact(message).context("read")
    }
}

pub fn pipe() -> Result<Ends> {
    let (read_end, write_end) = std::io::pipe().context("pipe")?;
    Ok((Box::new(Stream(write_end)), Box::new(Stream(read_end))))
}

pub fn stream() -> Result<Ends> {
    let (ours, theirs) = UnixStream::pair().context("socketpair")?;
    Ok((Box::new(Stream(ours)), Box::new(Stream(theirs))))
}

/// A socket that keeps messages apart.
struct Messages(OwnedFd);

impl Send for Messages {
    fn send(&mut self, message: &[u8]) -> Result<()> {
        // Else a process whose receiver is gone would be killed by SIGPIPE.
        let sent = send(self.0.as_raw_fd(), message, MsgFlags::MSG_NOSIGNAL).context("send")?;
        ensure!(sent == message.len(), "{sent} of {} bytes were sent", message.len());
        Ok(())
    }
}

impl Receive for Messages {
    fn receive(&mut self, message: &mut Vec<u8>) -> Result<()> {
        let length = recv(self.0.as_raw_fd(), message, MsgFlags::empty()).context("recv")?;
        ensure!(length == message.len(), "a message of {length} bytes, not {}", message.len());
        Ok(())
    }
}

pub fn seqpacket(longest: usize) -> Result<Option<Ends>> {
    let (ours, theirs) =
        socketpair(AddressFamily::Unix, SockType::SeqPacket, None, SockFlag::SOCK_CLOEXEC)
            .context("socketpair")?;
    // A message has to fit into the buffer as a whole, with what the kernel notes of it.
    let buffer = getsockopt(&ours, SndBuf).context("getsockopt(SO_SNDBUF)")?;
    if longest + 4096 > buffer {
        return Ok(None);
    }
    Ok(Some((Box::new(Messages(ours)), Box::new(Messages(theirs)))))
}
