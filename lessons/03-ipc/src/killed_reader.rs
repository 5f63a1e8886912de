//! A reader is killed with SIGKILL: what the writer learns, when it writes again, when it is in
//! the middle of a long write, and when it waits for an answer. Compare with `killed-writer`.

use anyhow::{Context, Result, bail};
use common::child::{Child, describe, fork_ready_child};
use common::{hang, proc};
use nix::errno::Errno;
use nix::sys::wait::WaitStatus;

use crate::killed_writer::{kill_and_wait, wait_for_the_kill};
use crate::ways::{Way, Writer, row};

pub fn run() -> Result<()> {
    println!("The reader is killed; the first write had succeeded. The next one says:");
    row("", ["before it has read", "in a long write", "after it has read"].map(String::from));
    for way in Way::ALL {
        let before = write_again(&kill_before_it_reads(way)?);
        let after = write_again(&kill_after_it_has_read(way)?);
        row(way.name(), [before, kill_in_a_long_write(way)?, after]);
    }
    println!("It should have answered, and the writer waits for that. What it reads instead:");
    for way in [Way::Stream, Way::SeqPacket] {
        let before = kill_before_it_reads(way)?.read_answer();
        let after = kill_after_it_has_read(way)?.read_answer();
        println!("  {:16}  {before}, or {after} if it had read the message", way.name());
    }
    println!("A sender of ipc-channel in a long write, and its receiver is killed:");
    let sender = writer_whose_reader_is_killed(Way::Ipc)?;
    hang::show(&sender)?;
    println!("  I kill it");
    Ok(())
}

fn kill_before_it_reads(way: Way) -> Result<Writer> {
    let (writer, reader) = way.open()?;
    write(&writer, b"pear")?;
    // The child takes the reader along: in this process it is closed.
    kill_and_wait(fork_ready_child(move |ready| {
        let _reader = reader;
        wait_for_the_kill(ready)
    })?)?;
    Ok(writer)
}

fn kill_after_it_has_read(way: Way) -> Result<Writer> {
    let (writer, reader) = way.open()?;
    write(&writer, b"pear")?;
    kill_and_wait(fork_ready_child(move |ready| {
        reader.read().map_err(anyhow::Error::msg)?;
        wait_for_the_kill(ready)
    })?)?;
    Ok(writer)
}

fn kill_in_a_long_write(way: Way) -> Result<String> {
    let writer = writer_whose_reader_is_killed(way)?;
    // The death of the reader has woken it by now, or nothing will.
    if proc::poll_until_asleep(writer.pid())? {
        return Ok("sleeps on".to_owned());
    }
    match writer.wait()? {
        WaitStatus::Exited(_, number) => Ok(format!("{:?}", Errno::from_raw(number))),
        end => bail!("the writer ended badly: {}", describe(end)),
    }
}

/// A child that slept in a long write while its reader, another child, was killed. When the
/// write fails, the child exits with the number of the error as its status.
fn writer_whose_reader_is_killed(way: Way) -> Result<Child> {
    let (writer, reader) = way.open()?;
    // The reader first: so no other process keeps the read end.
    let reader = fork_ready_child(move |ready| {
        let _reader = reader;
        wait_for_the_kill(ready)
    })?;
    let writer = fork_ready_child(move |ready| {
        drop(ready);
        let message = vec![b'!'; way.too_large()];
        loop {
            if let Err(error) = writer.write(&message) {
                exit_with(error);
            }
        }
    })?;
    proc::poll_until_asleep(writer.pid())?;
    kill_and_wait(reader)?;
    Ok(writer)
}

/// Ends this process, a forked child, with the number of an error as its exit status.
fn exit_with(error: Errno) -> ! {
    // SAFETY: it takes a number, and does not return.
    unsafe { nix::libc::_exit(error as i32) }
}

fn write(writer: &Writer, message: &[u8]) -> Result<()> {
    writer.write(message).context("the first write")
}

fn write_again(writer: &Writer) -> String {
    match writer.write(b"plum") {
        Ok(()) => "no error".to_owned(),
        Err(error) => format!("{error:?}"),
    }
}
