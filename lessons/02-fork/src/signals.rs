//! A signal asks a process to do something, or forces it. The signal SIGCHLD tells a parent
//! that something happened to a child; only wait reveals what: its end, or a stop.

use std::io::PipeWriter;

use anyhow::{Context, Result, ensure};
use common::child::{self, Child, fork_ready_child};
use nix::libc;
use nix::sys::signal::{SigSet, Signal, kill};
use nix::sys::wait::WaitPidFlag;
use nix::unistd::{getpid, pause};

pub fn run() -> Result<()> {
    // Blocked until `sigwait` takes it; otherwise it would be ignored.
    SigSet::from(Signal::SIGCHLD).thread_block().context("sigmask")?;

    println!("A child that knows nothing of signals:");
    let mut child = fork_ready_child(sleep_for_ever)?;
    send(&child, Signal::SIGTERM)?;
    learn(&mut child)?;

    println!("A child that tidies up and ends by itself when it is asked to:");
    let mut child = fork_ready_child(tidy_up_when_asked)?;
    send(&child, Signal::SIGTERM)?;
    learn(&mut child)?;

    println!("Two signals that no program can refuse, and one in between:");
    let mut child = fork_ready_child(sleep_for_ever)?;
    for signal in [Signal::SIGSTOP, Signal::SIGCONT, Signal::SIGKILL] {
        send(&child, signal)?;
        learn(&mut child)?;
    }
    Ok(())
}

fn sleep_for_ever(ready: PipeWriter) -> Result<()> {
    drop(ready);
    loop {
        pause();
    }
}

fn tidy_up_when_asked(ready: PipeWriter) -> Result<()> {
    let sigterm = SigSet::from(Signal::SIGTERM);
    sigterm.thread_block().context("sigmask")?;
    drop(ready);
    let signal = sigterm.wait().context("sigwait")?;
    println!("  pid {} got {signal} and tidies up", getpid());
    // SAFETY: it only ends this process, a forked child.
    unsafe { libc::_exit(5) }
}

fn send(child: &Child, signal: Signal) -> Result<()> {
    println!("  I send {signal} to pid {}", child.pid());
    kill(child.pid(), signal).with_context(|| format!("kill({}, {signal})", child.pid()))
}

/// Waits for the signal that something happened to a child, and asks what.
fn learn(child: &mut Child) -> Result<()> {
    let signal = SigSet::from(Signal::SIGCHLD).wait().context("sigwait")?;
    let flags = WaitPidFlag::WUNTRACED | WaitPidFlag::WCONTINUED | WaitPidFlag::WNOHANG;
    let what = child.wait_with(flags)?;
    ensure!(what.pid() == Some(child.pid()), "{signal} came, and nothing happened: {what:?}");
    println!("  {signal} came; wait reports for pid {}: {}", child.pid(), child::describe(what));
    Ok(())
}
