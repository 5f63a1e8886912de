//! A process is killed with SIGKILL before a message, in the middle of it, or after it:
//! what the other process sees, and which messages arrive, for each way to send them.

mod large;
mod reader;
mod ways;

use std::io::PipeWriter;

use anyhow::{Context, Result, bail, ensure};
use common::child::{Child, describe, fork_ready_child};
use common::proc;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::WaitStatus;
use nix::unistd::{getpid, pause};

use ways::{Way, Writer};

/// Where a process is when it is killed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Moment {
    Before,
    InTheMiddle,
    After,
}

use Moment::{After, Before, InTheMiddle};

pub fn run() -> Result<()> {
    println!("The writer is killed. The reader gets:");
    row("", ["before a message", "in the middle of it", "after it"].map(String::from));
    for way in Way::ALL {
        let [before, middle, after] = [Before, InTheMiddle, After].map(|at| kill_writer(way, at));
        row(way.name(), [before?, middle?, after?]);
    }
    reader::run()?;
    large::run()?;
    exit_or_kill()
}

fn row(name: &str, cells: [String; 3]) {
    let [first, second, third] = cells;
    println!("{}", format!("  {name:16}  {first:18}  {second:26}  {third}").trim_end());
}

/// Kills a writer, then reads whatever has arrived.
fn kill_writer(way: Way, moment: Moment) -> Result<String> {
    let (writer, reader) = way.open()?;
    let size = if moment == InTheMiddle { way.too_large() } else { 4 };
    // The child takes the writer along: here it is closed.
    let child = fork_ready_child(move |ready| write_and_wait(&writer, size, moment, ready))?;
    if moment == InTheMiddle {
        proc::wait_until_asleep(child.pid())?;
    }
    kill_and_wait(child)?;

    let mut bytes = 0;
    let end = loop {
        match reader.read() {
            Ok(count) => bytes += count,
            Err(end) => break end,
        }
    };
    Ok(match moment {
        Before if bytes == 0 => end,
        InTheMiddle if bytes % size != 0 => format!("a part, {end}"),
        InTheMiddle => format!("nothing, {end}"),
        After if bytes == size => format!("all, {end}"),
        _ => format!("{bytes} bytes, {end}"),
    })
}

fn write_and_wait(writer: &Writer, size: usize, moment: Moment, ready: PipeWriter) -> Result<()> {
    let message = vec![b'!'; size];
    if moment == After {
        writer.write(&message)?;
    }
    drop(ready);
    loop {
        match moment {
            // Nobody reads, so one of these calls does not return.
            InTheMiddle => writer.write(&message)?,
            Before | After => pause(),
        }
    }
}

fn kill_and_wait(child: Child) -> Result<()> {
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
