//! Programs to go through step by step: what comes of each depends on who goes on first.

use std::io::{PipeReader, Read, Write, pipe};
use std::os::fd::AsFd;
use std::process::{Command, exit};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use common::child::ensure_one_thread;
use nix::poll::{PollFd, PollFlags, poll};
use nix::sys::select::{FdSet, select};
use nix::sys::signal::{Signal, kill};
use nix::sys::time::{TimeVal, TimeValLike};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork, getpid, pause};

/// Long enough to begin, and short enough to run out in a test.
const LIMIT: Duration = Duration::from_millis(50);

fn main() -> Result<()> {
    let way = std::env::args().nth(1).context("which way?")?;
    match way.as_str() {
        "parent-first" => parent_first(),
        "reader" => reader(),
        "waits-for-pause" => waits_for_pause(),
        "kills" => kills(),
        "poll" => limited(|end| {
            let mut ends = [PollFd::new(end.as_fd(), PollFlags::POLLIN)];
            poll(&mut ends, LIMIT.as_millis() as u8)
        }),
        "select" => limited(|end| {
            let mut set = FdSet::new();
            set.insert(end.as_fd());
            let mut limit = TimeVal::milliseconds(LIMIT.as_millis() as i64);
            select(None, &mut set, None, None, &mut limit)
        }),
        "recv-timeout" => recv_timeout(),
        "sleep" => sleep(|| thread::sleep(LIMIT)),
        // A poll of nothing is a sleep.
        "poll-nothing" => sleep(|| _ = poll(&mut [], LIMIT.as_millis() as u8)),
        "vfork" => vfork(),
        "stops" => stops(),
        _ => bail!("there is no way '{way}'"),
    }
}

/// A child of this process.
fn child(body: impl FnOnce() -> Result<()>) -> Result<Pid> {
    ensure_one_thread()?;
    // SAFETY: there is no other thread, so no lock is held by a thread that the child lacks.
    match unsafe { fork() }.context("fork")? {
        ForkResult::Parent { child } => Ok(child),
        ForkResult::Child => {
            body()?;
            exit(0)
        }
    }
}

fn parent_first() -> Result<()> {
    child(|| {
        println!("child");
        Ok(())
    })?;
    println!("parent");
    exit(3)
}

fn reader() -> Result<()> {
    let (mut read_end, write_end) = pipe().context("pipe")?;
    ensure_one_thread()?;
    // SAFETY: as above.
    let reader = match unsafe { fork() }.context("fork")? {
        ForkResult::Parent { child } => child,
        ForkResult::Child => {
            drop(write_end);
            let mut text = String::new();
            read_end.read_to_string(&mut text).context("read")?;
            println!("read {text:?}");
            exit(0)
        }
    };
    (&write_end).write_all(b"pear").context("write")?;
    drop(write_end);
    waitpid(reader, None).context("waitpid")?;
    Ok(())
}

fn waits_for_pause() -> Result<()> {
    let child = child(|| {
        pause();
        Ok(())
    })?;
    println!("{:?}", waitpid(child, None).context("waitpid")?);
    Ok(())
}

/// The child is killed wherever it is.
fn kills() -> Result<()> {
    let child = child(|| {
        println!("child");
        Ok(())
    })?;
    kill(child, Signal::SIGKILL).context("kill")?;
    println!("{:?}", waitpid(child, None).context("waitpid")?);
    Ok(())
}

/// Waits for what a child writes, but not for ever.
fn limited(wait: impl FnOnce(&PipeReader) -> nix::Result<i32>) -> Result<()> {
    let (read_end, mut write_end) = pipe().context("pipe")?;
    child(|| write_end.write_all(b"pear").context("write"))?;
    println!("{}", if wait(&read_end)? == 0 { "too late" } else { "in time" });
    Ok(())
}

fn recv_timeout() -> Result<()> {
    let (send, receive) = channel();
    thread::spawn(move || {
        println!("thread");
        // The main thread may have ended.
        let _ = send.send(1);
        thread::park();
    });
    let came = receive.recv_timeout(LIMIT);
    println!("{}", if came.is_err() { "too late" } else { "in time" });
    Ok(())
}

fn sleep(body: impl FnOnce()) -> Result<()> {
    body();
    println!("awake");
    Ok(())
}

/// Rust starts a program by a clone that keeps the parent waiting until the exec.
fn vfork() -> Result<()> {
    println!("{}", Command::new("true").status().context("true")?);
    Ok(())
}

fn stops() -> Result<()> {
    let child = child(|| {
        kill(getpid(), Signal::SIGSTOP).context("kill")?;
        println!("child");
        Ok(())
    })?;
    kill(child, Signal::SIGCONT).context("kill")?;
    waitpid(child, None).context("waitpid")?;
    Ok(())
}
