//! The reader is killed, and the writer survives.

use std::io::PipeWriter;

use anyhow::{Context, Result, bail};
use common::child::{describe, fork_ready_child};
use common::proc;
use nix::errno::Errno;
use nix::sys::wait::WaitStatus;
use nix::unistd::pause;

use super::Moment::{self, After, Before};
use super::ways::{Reader, Way, Writer};
use super::{kill_and_wait, row};
use crate::sigpipe;

pub fn run() -> Result<()> {
    println!("The reader is killed; the first write had succeeded. The next one says:");
    row("", ["before it has read", "in a long write", "after it has read"].map(String::from));
    for way in Way::ALL {
        let before = write_again(&kill_reader(way, Before)?)?;
        let after = write_again(&kill_reader(way, After)?)?;
        row(way.name(), [before, kill_reader_in_the_middle(way)?, after]);
    }
    println!("It was to answer, and the writer reads. Instead of an answer comes:");
    for way in [Way::Stream, Way::SeqPacket] {
        let before = kill_reader(way, Before)?.read_answer();
        let after = kill_reader(way, After)?.read_answer();
        println!("  {:16}  {before}, or {after} if it had read the message", way.name());
    }
    Ok(())
}

/// Writes a message; the reader is killed before or after it has read it.
fn kill_reader(way: Way, moment: Moment) -> Result<Writer> {
    let (writer, reader) = way.open()?;
    if let Err(error) = writer.write(b"pear") {
        bail!("the first write: {error:?}");
    }
    kill_and_wait(fork_ready_child(move |ready| read_and_wait(&reader, moment, ready))?)?;
    Ok(writer)
}

fn read_and_wait(reader: &Reader, moment: Moment, ready: PipeWriter) -> Result<()> {
    if moment == After {
        reader.read().map_err(anyhow::Error::msg)?;
    }
    drop(ready);
    loop {
        pause();
    }
}

/// A child sleeps in a long write while the reader, another child, is killed.
fn kill_reader_in_the_middle(way: Way) -> Result<String> {
    let (writer, reader) = way.open()?;
    // The reader first: so no other process keeps the read end.
    let reader = fork_ready_child(move |ready| read_and_wait(&reader, Before, ready))?;
    let writer = fork_ready_child(move |ready| write_until_it_fails(&writer, way, ready))?;
    proc::wait_until_asleep(writer.pid())?;
    kill_and_wait(reader)?;

    // The death of the reader has woken it by now, or nothing will.
    if proc::wait_until_asleep(writer.pid())? {
        return Ok("sleeps on".to_owned());
    }
    match writer.wait()? {
        WaitStatus::Exited(_, number) => Ok(format!("{:?}", Errno::from_raw(number))),
        end => bail!("the writer ended badly: {}", describe(end)),
    }
}

/// Exits with the number of the error as its status.
fn write_until_it_fails(writer: &Writer, way: Way, ready: PipeWriter) -> Result<()> {
    let message = vec![b'!'; way.too_large()];
    drop(ready);
    let error = sigpipe::ignored(|| {
        loop {
            if let Err(error) = writer.write(&message) {
                break error;
            }
        }
    });
    std::process::exit(error.context("write")? as i32)
}

fn write_again(writer: &Writer) -> Result<String> {
    match sigpipe::ignored(|| writer.write(b"plum"))? {
        Ok(()) => Ok("no error".to_owned()),
        Err(error) => Ok(format!("{error:?}")),
    }
}
