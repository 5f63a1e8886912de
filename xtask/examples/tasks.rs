//! Programs to be traced: each makes processes and threads in one way, and ends
//! only if the kernel did what it asked for.

use std::os::fd::AsFd;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::sync::{Arc, Barrier};
use std::thread;

use anyhow::{Context, Result, bail, ensure};
use common::proc;
use nix::libc;
use nix::poll::{PollFd, PollFlags, poll};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid, waitpid};
use nix::unistd::{ForkResult, Pid, fork, pause, pipe, read, setsid, write};

fn main() -> Result<()> {
    let mode = std::env::args().nth(1).context("which way?")?;
    match mode.as_str() {
        "threads" => threads(),
        "fork-in-thread" => in_thread(|| exited(child(|| 7)?, 7)),
        "vfork-in-thread" => in_thread(vfork),
        "exec-in-thread" => exec_in_thread(),
        "killed" => killed(),
        "killed-in-read" => killed_in_read(),
        "interrupted" => interrupted(),
        "stopped" => stopped(),
        "vfork" => vfork(),
        "daemon" => daemon(),
        "forks" => forks(),
        "exit-at-once" => exit_at_once(),
        _ => bail!("there is no way '{mode}'"),
    }
}

/// A new process that ends with the status that `body` returns.
fn child(body: impl FnOnce() -> i32) -> Result<Pid> {
    // SAFETY: the bodies below make only system calls, even where other threads
    // of the parent may hold a lock.
    match unsafe { fork() }.context("fork")? {
        ForkResult::Parent { child } => Ok(child),
        ForkResult::Child => {
            let status = body();
            // SAFETY: ends this process and touches nothing.
            unsafe { libc::_exit(status) }
        }
    }
}

fn exited(child: Pid, status: i32) -> Result<()> {
    let end = waitpid(child, None).context("waitpid")?;
    ensure!(end == WaitStatus::Exited(child, status), "{end:?}");
    Ok(())
}

fn in_thread(body: fn() -> Result<()>) -> Result<()> {
    thread::spawn(body).join().expect("the thread panicked")
}

/// Many threads that end at once.
fn threads() -> Result<()> {
    let threads: Vec<_> = (0..100).map(|_| thread::spawn(|| {})).collect();
    threads.into_iter().for_each(|thread| thread.join().expect("the thread panicked"));
    Ok(())
}

/// The standard library starts a program by vfork.
fn vfork() -> Result<()> {
    let status = Command::new("/bin/true").status().context("start true")?;
    ensure!(status.success(), "{status}");
    Ok(())
}

fn exec_in_thread() -> Result<()> {
    let ready = Arc::new(Barrier::new(3));
    let in_exec = ready.clone();
    let in_other = ready.clone();
    thread::spawn(move || {
        in_exec.wait();
        Command::new("/bin/true").exec()
    });
    thread::spawn(move || {
        in_other.wait();
        loop {
            thread::park();
        }
    });
    ready.wait();
    loop {
        thread::park();
    }
}

fn waits_for_signals() -> i32 {
    loop {
        pause();
    }
}

fn killed() -> Result<()> {
    let child = child(waits_for_signals)?;
    kill(child, Signal::SIGKILL).context("kill")?;
    let end = waitpid(child, None).context("waitpid")?;
    ensure!(end == WaitStatus::Signaled(child, Signal::SIGKILL, false), "{end:?}");
    Ok(())
}

/// A child that waits at a pipe when it is killed.
fn killed_in_read() -> Result<()> {
    let (reads, _writes) = pipe().context("pipe")?;
    let child = child(move || read(&reads, &mut [0]).is_ok().into())?;
    until_asleep(child)?;
    kill(child, Signal::SIGKILL).context("kill")?;
    let end = waitpid(child, None).context("waitpid")?;
    ensure!(end == WaitStatus::Signaled(child, Signal::SIGKILL, false), "{end:?}");
    Ok(())
}

/// A child that is stopped and goes on while it waits, once with a time limit and once
/// without: the kernel makes these calls again, the first by restart_syscall.
fn interrupted() -> Result<()> {
    let pipes = [pipe().context("pipe")?, pipe().context("pipe")?];
    let [first, second] = pipes.each_ref().map(|(reads, _)| reads.as_fd());
    let child = child(|| {
        let polled = poll(&mut [PollFd::new(first, PollFlags::POLLIN)], 60_000_u16);
        let bytes = read(second, &mut [0]);
        if (polled, bytes) == (Ok(1), Ok(1)) { 3 } else { 1 }
    })?;
    for (_, writes) in &pipes {
        until_asleep(child)?;
        kill(child, Signal::SIGSTOP).context("kill")?;
        waitid(Id::Pid(child), WaitPidFlag::WSTOPPED).context("waitid")?;
        kill(child, Signal::SIGCONT).context("kill")?;
        waitid(Id::Pid(child), WaitPidFlag::WCONTINUED).context("waitid")?;
        write(writes, b"!").context("write")?;
    }
    exited(child, 3)
}

fn until_asleep(process: Pid) -> Result<()> {
    while !proc::field(format!("/proc/{process}/status"), "State")?.starts_with('S') {
        thread::yield_now();
    }
    Ok(())
}

fn stopped() -> Result<()> {
    let child = child(waits_for_signals)?;
    kill(child, Signal::SIGSTOP).context("kill")?;
    let came = waitid(Id::Pid(child), WaitPidFlag::WSTOPPED).context("waitid")?;
    ensure!(came == WaitStatus::Stopped(child, Signal::SIGSTOP), "{came:?}");
    kill(child, Signal::SIGCONT).context("kill")?;
    let came = waitid(Id::Pid(child), WaitPidFlag::WCONTINUED).context("waitid")?;
    ensure!(came == WaitStatus::Continued(child), "{came:?}");
    kill(child, Signal::SIGTERM).context("kill")?;
    let end = waitpid(child, None).context("waitpid")?;
    ensure!(end == WaitStatus::Signaled(child, Signal::SIGTERM, false), "{end:?}");
    Ok(())
}

/// The grandchild has a session of its own and outlives both others.
fn daemon() -> Result<()> {
    let (reads, writes) = pipe().context("pipe")?;
    let between = child(move || {
        let _ = setsid();
        match child(move || {
            // The end of the file comes when the first process is gone.
            drop(writes);
            match read(&reads, &mut [0]) {
                Ok(0) => 5,
                _ => 1,
            }
        }) {
            Ok(_) => 4,
            Err(_) => 1,
        }
    })?;
    exited(between, 4)
}

/// Processes that make a process each.
fn forks() -> Result<()> {
    let children = (0..20).map(|place| {
        child(move || match child(move || place).map(|pid| exited(pid, place)) {
            Ok(Ok(())) => 100 + place,
            _ => 1,
        })
    });
    let children = children.collect::<Result<Vec<_>>>()?;
    children.into_iter().zip(100..).try_for_each(|(pid, status)| exited(pid, status))
}

/// The process ends while a thread makes threads.
fn exit_at_once() -> Result<()> {
    let ready = Arc::new(Barrier::new(2));
    let in_thread = ready.clone();
    thread::spawn(move || {
        in_thread.wait();
        loop {
            thread::spawn(|| {});
        }
    });
    ready.wait();
    std::process::exit(6);
}
