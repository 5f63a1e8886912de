//! A pipe: what one process writes into it, another reads. Nobody sends a message
//! for the end: it comes when the last write end is closed. Compare with `sigpipe`.

use std::io::{PipeReader, PipeWriter, Read, Write, pipe};
use std::os::fd::AsRawFd;

use anyhow::{Context, Result};
use common::child::{self, Child, describe};
use common::hang;
use nix::unistd::getpid;

pub fn run() -> Result<()> {
    read_until_the_end()?;
    forget_the_write_end()?;
    close_the_write_end()
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

/// Wrong: the reader has a write end of its own, and keeps it.
fn forget_the_write_end() -> Result<()> {
    println!("A reader keeps its copy of the write end:");
    let (read_end, mut write_end) = pipe().context("pipe")?;
    let Some(reader) = child::fork()? else { child::exit(read_all(read_end)) };
    write_end.write_all(b"pear").context("write")?;
    drop(write_end);
    hang::show(&reader)?;
    println!("  I kill it");
    drop(reader);
    Ok(())
}

fn close_the_write_end() -> Result<()> {
    println!("A reader closes it:");
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

fn print_end(child: Child) -> Result<()> {
    println!("  pid {} has ended: {}", child.pid(), describe(child.wait()?));
    Ok(())
}
