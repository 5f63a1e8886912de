//! A pair of sockets: both processes write and read, each on its own end. Whether the
//! messages keep their boundaries depends on the sort of socket. Compare with `pipe`.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;

use anyhow::{Context, Result};
use common::child::fork_child;
use nix::sys::socket::{AddressFamily, MsgFlags, SockFlag, SockType, recv, send, socketpair};
use nix::unistd::getpid;

pub fn run() -> Result<()> {
    ask_and_answer()?;

    println!(
        "A child sends \"pear\", then \"plum\". What I receive, and how much at most at once:"
    );
    for kind in [SockType::Stream, SockType::SeqPacket] {
        for most in [100, 3] {
            let name = if kind == SockType::Stream { "stream" } else { "seqpacket" };
            println!("  {name}, {most} bytes: {:?}", receive_two_words(kind, most)?);
        }
    }
    Ok(())
}

/// A question one way, an answer the other way, on one pair of sockets.
fn ask_and_answer() -> Result<()> {
    let (mut ours, theirs) = UnixStream::pair().context("socketpair")?;
    let (mine, other) = (ours.as_raw_fd(), theirs.as_raw_fd());
    println!("I ({}) have a pair of sockets: fd {mine} is mine, fd {other} the child's.", getpid());

    let child = fork_child(move || answer(theirs))?;
    ours.write_all(b"pear").context("write")?;
    // No more questions. The other direction stays open.
    ours.shutdown(Shutdown::Write).context("shutdown")?;
    let mut answer = String::new();
    ours.read_to_string(&mut answer).context("read")?;
    println!("  I got {answer:?}, and the end of file");
    child.join()
}

fn answer(mut socket: UnixStream) -> Result<()> {
    let mut question = String::new();
    socket.read_to_string(&mut question).context("read")?;
    println!("  child (pid {}): I got {question:?}, and the end of file", getpid());
    socket.write_all(question.to_uppercase().as_bytes()).context("write")
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
