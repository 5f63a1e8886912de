//! A pair of sockets: both processes write and read, each on its own end. Compare with `pipe`,
//! which has one direction.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;

use anyhow::{Context, Result};
use common::child::fork_child;
use nix::unistd::getpid;

/// A question one way, an answer the other way, on one pair of sockets.
pub fn run() -> Result<()> {
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
