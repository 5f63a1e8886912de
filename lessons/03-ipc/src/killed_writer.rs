//! A writer is killed with SIGKILL, before a message, in the middle of it, or after it: what the
//! reader sees, and which messages arrive, for each way to send them. Compare with
//! `killed-reader`.

use std::io::PipeWriter;

use anyhow::{Context, Result, bail, ensure};
use common::child::{Child, describe, fork_ready_child};
use common::proc;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::WaitStatus;
use nix::unistd::{getpid, pause};

use crate::ways::{Reader, Way, row};

pub fn run() -> Result<()> {
    println!("The writer is killed. The reader gets:");
    row("", ["before a message", "in the middle of it", "after it"].map(String::from));
    for way in Way::ALL {
        row(way.name(), [kill_before(way)?, kill_in_the_middle(way)?, kill_after(way)?]);
    }
    exit_or_kill()
}

fn kill_before(way: Way) -> Result<String> {
    let (writer, reader) = way.open()?;
    // The child takes the writer along: in this process it is closed.
    let child = fork_ready_child(move |ready| {
        let _writer = writer;
        wait_for_the_kill(ready)
    })?;
    kill_and_wait(child)?;
    let (bytes, end) = read_all(&reader);
    ensure!(bytes == 0, "{bytes} bytes came, and nobody wrote any");
    Ok(end)
}

fn kill_in_the_middle(way: Way) -> Result<String> {
    let (writer, reader) = way.open()?;
    let size = way.too_large();
    let child = fork_ready_child(move |ready| {
        drop(ready);
        let message = vec![b'!'; size];
        // Nobody reads, so one of these calls does not return.
        loop {
            writer.write(&message)?;
        }
    })?;
    proc::poll_until_asleep(child.pid())?;
    kill_and_wait(child)?;
    let (bytes, end) = read_all(&reader);
    let is_whole = bytes % size == 0;
    Ok(if is_whole { format!("nothing, {end}") } else { format!("a part, {end}") })
}

fn kill_after(way: Way) -> Result<String> {
    let (writer, reader) = way.open()?;
    let child = fork_ready_child(move |ready| {
        writer.write(b"pear")?;
        wait_for_the_kill(ready)
    })?;
    kill_and_wait(child)?;
    let (bytes, end) = read_all(&reader);
    Ok(if bytes == 4 { format!("all, {end}") } else { format!("{bytes} bytes, {end}") })
}

/// Reads until the end: how many bytes came, and what the end is.
fn read_all(reader: &Reader) -> (usize, String) {
    let mut bytes = 0;
    loop {
        match reader.read() {
            Ok(count) => bytes += count,
            Err(end) => return (bytes, end),
        }
    }
}

/// What a child does until it is killed. First it reports that it is ready, by closing a pipe.
pub fn wait_for_the_kill(ready: PipeWriter) -> Result<()> {
    drop(ready);
    loop {
        pause();
    }
}

pub fn kill_and_wait(child: Child) -> Result<()> {
    let pid = child.pid();
    let end = child.kill()?;
    let killed = matches!(end, WaitStatus::Signaled(_, Signal::SIGKILL, _));
    ensure!(killed, "pid {pid} was not killed: {}", describe(end));
    Ok(())
}

/// Two ends that look the same to the reader; only the parent can tell them apart.
fn exit_or_kill() -> Result<()> {
    println!("One writer exits, one is killed. The reader of an ipc-channel gets:");
    for kills_itself in [false, true] {
        let (writer, reader) = Way::Ipc.open()?;
        let child = fork_ready_child(move |ready| {
            writer.write(b"pear")?;
            drop(ready);
            if kills_itself {
                kill(getpid(), Signal::SIGKILL).context("kill")?;
            }
            Ok(())
        })?;
        let (first, then) = (reader.read(), reader.read());
        let (Ok(bytes), Err(end)) = (first, then) else {
            bail!("expected a message and then the end")
        };
        println!("  {bytes} bytes, {end}; wait says: {}", describe(child.wait()?));
    }
    Ok(())
}
