//! A pipe: what one process writes into it, another reads. Nobody sends a message
//! for the end: it comes when the last write end is closed. Compare with `socket`.

use std::io::{ErrorKind, PipeReader, PipeWriter, Read, Write, pipe};
use std::os::fd::AsRawFd;

use anyhow::{Context, Result, bail};
use common::child::{self, Child, describe, fork_child};
use common::hang;
use nix::errno::Errno;
use nix::unistd::getpid;

use crate::sigpipe;

pub fn run() -> Result<()> {
    read_until_the_end()?;
    forget_an_end()?;
    write_for_nobody()
}

fn read_until_the_end() -> Result<()> {
    let (mut read_end, write_end) = pipe().context("pipe")?;
    let (from, to) = (read_end.as_raw_fd(), write_end.as_raw_fd());
    println!("I ({}) have a pipe: fd {from} to read from, fd {to} to write to.", getpid());

    let Some(writer) = child::fork()? else {
        // This is the child. It does not read.
        drop(read_end);
        child::exit(write_two_words(write_end))
    };
    // The end of file comes when no write end is open any more, and this is one.
    drop(write_end);

    print_end(writer)?;
    loop {
        let mut bytes = [0; 100];
        match read_end.read(&mut bytes).context("read")? {
            0 => break println!("  I read 0 bytes: end of file"),
            count => {
                let text = String::from_utf8_lossy(&bytes[..count]);
                println!("  I read {count} bytes: {text:?}");
            }
        }
    }
    Ok(())
}

fn write_two_words(mut write_end: PipeWriter) -> Result<()> {
    println!("  child (pid {}): I write \"pear\", then \"plum\"", getpid());
    write_end.write_all(b"pear").context("write")?;
    write_end.write_all(b"plum").context("write")
}

fn forget_an_end() -> Result<()> {
    println!("A reader forgets that the fork has copied the write end too:");
    let (read_end, mut write_end) = pipe().context("pipe")?;
    let Some(reader) = child::fork()? else { child::exit(read_all(read_end)) };
    write_end.write_all(b"pear").context("write")?;
    drop(write_end);
    hang::show(&reader)?;
    println!("  I kill it");
    drop(reader);

    println!("A reader that has closed it:");
    let (read_end, mut write_end) = pipe().context("pipe")?;
    let Some(reader) = child::fork()? else {
        drop(write_end);
        child::exit(read_all(read_end))
    };
    write_end.write_all(b"pear").context("write")?;
    drop(write_end);
    print_end(reader)
}

fn read_all(mut read_end: PipeReader) -> Result<()> {
    let mut text = String::new();
    read_end.read_to_string(&mut text).context("read")?;
    println!("  child (pid {}): I have read {text:?}, and the end of file", getpid());
    Ok(())
}

fn write_for_nobody() -> Result<()> {
    let (read_end, write_end) = pipe().context("pipe")?;
    drop(read_end);

    println!("A writer when no read end is open, and SIGPIPE has its default action:");
    print_end(fork_child(|| (&write_end).write_all(b"pear").context("write"))?)?;

    println!("The same when SIGPIPE is ignored:");
    print_end(fork_child(|| learn_that_nobody_reads(&write_end))?)
}

fn learn_that_nobody_reads(mut write_end: &PipeWriter) -> Result<()> {
    match sigpipe::ignored(|| write_end.write(b"pear"))? {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => {
            println!("  child (pid {}): write says {}", getpid(), Errno::EPIPE);
            Ok(())
        }
        other => bail!("write into a pipe that nobody reads: {other:?}"),
    }
}

fn print_end(child: Child) -> Result<()> {
    println!("  pid {} has ended: {}", child.pid(), describe(child.wait()?));
    Ok(())
}
