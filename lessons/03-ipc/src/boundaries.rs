//! Whether messages keep their boundaries depends on the kind of socket: a stream is like a
//! pipe, a seqpacket socket keeps each message apart. Compare with `socket`.

use std::os::fd::{AsRawFd, OwnedFd};

use anyhow::{Context, Result};
use common::child::fork_child;
use nix::sys::socket::{AddressFamily, MsgFlags, SockFlag, SockType, recv, send, socketpair};

pub fn run() -> Result<()> {
    println!(
        "A child sends \"pear\", then \"plum\". What I receive, by socket and size of the buffer:"
    );
    for (name, kind) in [("stream", SockType::Stream), ("seqpacket", SockType::SeqPacket)] {
        for most in [100, 3] {
            println!("  {name}, {most} bytes: {:?}", receive_two_words(kind, most)?);
        }
    }
    Ok(())
}

/// What arrives of two words, when each call has room for `most` bytes.
fn receive_two_words(kind: SockType, most: usize) -> Result<Vec<String>> {
    let (ours, theirs) = socketpair(AddressFamily::Unix, kind, None, SockFlag::SOCK_CLOEXEC)
        .context("socketpair")?;
    // When the child has ended, both words are in the socket, and its end is closed.
    fork_child(move || send_two_words(&theirs))?.join()?;

    let mut received = Vec::new();
    loop {
        let mut bytes = vec![0; most];
        match recv(ours.as_raw_fd(), &mut bytes, MsgFlags::empty()).context("recv")? {
            0 => return Ok(received),
            count => received.push(String::from_utf8_lossy(&bytes[..count]).into_owned()),
        }
    }
}

fn send_two_words(socket: &OwnedFd) -> Result<()> {
    for word in ["pear", "plum"] {
        send(socket.as_raw_fd(), word.as_bytes(), MsgFlags::empty()).context("send")?;
    }
    Ok(())
}
