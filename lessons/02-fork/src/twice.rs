//! `fork()` is called once and returns twice: in the parent it returns the
//! child's id, in the child 0. Compare with `notes.py`, the same in Python.

use anyhow::{Context, Result, ensure};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork, getpid, getppid};

pub fn run() -> Result<()> {
    println!("Process ({}) start...", getpid());

    // SAFETY: this process has one thread, so no lock can be held by a thread
    // that the child does not have.
    match unsafe { fork() }.context("fork")? {
        ForkResult::Child => {
            println!("I am child process ({}) and my parent is {}.", getpid(), getppid());
            std::process::exit(0)
        }
        ForkResult::Parent { child } => {
            println!("I ({}) just created a child process ({child}).", getpid());
            wait_for(child)
        }
    }
}

/// Waits until the child has ended, as a parent should: it would stay in the
/// process table otherwise, and nobody would learn how it ended.
fn wait_for(child: Pid) -> Result<()> {
    let status = waitpid(child, None).with_context(|| format!("waitpid({child})"))?;
    ensure!(status == WaitStatus::Exited(child, 0), "child {child} ended badly: {status:?}");
    Ok(())
}
