//! A text that is printed once comes out twice: what a program has printed but not yet
//! passed to the system is in its memory, and the child gets a copy of it.

use anyhow::{Context, Result};
use common::child;
use nix::libc;
use nix::unistd::{ForkResult, fork, getpid};

pub fn run() -> Result<()> {
    println!("Printed once, without the end of the line, then a fork:");
    print!("  printed by pid {};", getpid());
    fork_child(|| {
        println!(" ended by the child, pid {}", getpid());
        // Writes what is still in memory, as the end of a program does.
        std::process::exit(0)
    })?;
    println!(" ended by the parent, pid {}", getpid());

    println!("Printed once, with the end of the line, then a fork:");
    println!("  printed by pid {}", getpid());
    fork_child(|| {
        println!("  a line by the child (pid {})", getpid());
        std::process::exit(0)
    })?;
    println!("  a line by the parent (pid {})", getpid());

    println!("Without the end of the line; the child leaves by _exit:");
    print!("  printed by pid {};", getpid());
    fork_child(|| {
        // SAFETY: this ends the process, and runs none of its code any more.
        unsafe { libc::_exit(0) }
    })?;
    println!(" ended by the parent, pid {}", getpid());
    Ok(())
}

/// Forks a child for a task, and waits for its end.
fn fork_child(task: fn() -> !) -> Result<()> {
    child::ensure_one_thread()?;
    // SAFETY: this is the only thread, so no other can hold a lock that the child needs.
    match unsafe { fork() }.context("fork")? {
        ForkResult::Child => task(),
        ForkResult::Parent { child } => child::wait_for(child),
    }
}
