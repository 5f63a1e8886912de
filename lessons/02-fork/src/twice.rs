//! `fork()` is called once and returns twice: in the parent it returns the
//! child's id, in the child 0. Compare with `notes.py`, the same in Python.

use anyhow::{Context, Result, ensure};
use common::child;
use nix::libc;
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, fork, getpid, getppid};

pub fn run() -> Result<()> {
    println!("Process ({}) start...", getpid());

    child::ensure_one_thread()?;
    // SAFETY: this is the only thread, so no other can hold a lock that the child needs.
    match unsafe { fork() }.context("fork")? {
        ForkResult::Child => {
            println!("I am child process ({}) and my parent is {}.", getpid(), getppid());
            // SAFETY: it only ends this process. What a program does at its end is left to the
            // parent.
            unsafe { libc::_exit(0) }
        }
        ForkResult::Parent { child } => {
            println!("I ({}) just created a child process ({child}).", getpid());
            // Unless its parent waits for it, a child that has ended stays in
            // the process table, and nobody learns how it ended.
            let status = waitpid(child, None).with_context(|| format!("waitpid({child})"))?;
            ensure!(status == WaitStatus::Exited(child, 0), "the child ended badly: {status:?}");
            Ok(())
        }
    }
}
