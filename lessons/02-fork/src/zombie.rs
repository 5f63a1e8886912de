//! A child that has ended stays in the table of processes until its parent has waited for
//! it: a zombie. Only its exit status is left.

use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context, Result};
use common::child::{self, Child};
use common::{paced, proc};
use nix::libc;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{Id, WaitPidFlag, waitid};
use nix::unistd::{ForkResult, fork, getpid};

pub fn run() -> Result<()> {
    child::ensure_one_thread()?;
    // SAFETY: this is the only thread, so no other can hold a lock that the child needs.
    let child = match unsafe { fork() }.context("fork")? {
        // SAFETY: it only ends this process.
        ForkResult::Child => unsafe { libc::_exit(7) },
        ForkResult::Parent { child } => Child::new(child),
    };
    let pid = child.pid();
    println!("I ({}) have a child (pid {pid}).", getpid());

    // Waits for its end, but does not take its status (`WNOWAIT`).
    waitid(Id::Pid(pid), WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT)
        .with_context(|| format!("waitid({pid})"))?;
    println!("It has ended, and I have not waited for it:");
    show(&child)?;
    println!("SIGKILL does not end what has ended:");
    kill(pid, Signal::SIGKILL).with_context(|| format!("kill({pid})"))?;
    show(&child)?;
    // Time to look at it from another terminal: `ps -o pid,stat,comm`.
    sleep(paced(Duration::from_secs(5)));

    println!("Now I wait for it: {}", child::describe(child.wait()?));
    let gone = !Path::new(&format!("/proc/{pid}")).exists();
    println!("/proc/{pid} is gone: {gone}");
    Ok(())
}

/// What the kernel reports about a process: a zombie has a state, and no memory.
fn show(child: &Child) -> Result<()> {
    let file = format!("/proc/{}/status", child.pid());
    let memory = proc::field(&file, "VmSize").unwrap_or_else(|_| "none".to_owned());
    println!("  {file}: state {}, memory {memory}", proc::field(&file, "State")?);
    Ok(())
}
