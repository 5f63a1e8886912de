//! One of three children crashes. The others carry on, and so does the parent.

use std::io::{PipeReader, Read, pipe};

use anyhow::{Context, Result};
use common::child::{self, Child, describe};
use nix::sys::prctl::set_dumpable;
use nix::unistd::{ForkResult, fork, getpid};

pub fn run() -> Result<()> {
    println!("I ({}) fork three children.", getpid());
    let mut children = Vec::new();
    let (until_crash, crash_is_over) = pipe().context("pipe")?;
    for number in 1..=3 {
        child::ensure_one_thread()?;
        // SAFETY: this is the only thread, so no other can hold a lock that the child needs.
        match unsafe { fork() }.context("fork")? {
            ForkResult::Child => {
                // The pipe ends only when every copy of its write end is closed.
                drop(crash_is_over);
                child::exit(if number == 2 { crash() } else { go_on(number, until_crash) })
            }
            ForkResult::Parent { child } => children.push(Child::new(child)),
        }
    }
    let second = children.remove(1);
    println!("child 2 (pid {}) has ended: {}", second.pid(), describe(second.wait()?));

    drop(crash_is_over);
    for (number, child) in [1, 3].into_iter().zip(children) {
        println!("child {number} (pid {}) has ended: {}", child.pid(), describe(child.wait()?));
    }
    println!("I ({}) am still here.", getpid());
    Ok(())
}

/// Ends like a program that finds itself in an impossible state.
fn crash() -> Result<()> {
    println!("child 2 (pid {}) crashes.", getpid());
    // This crash is meant to happen: no core file.
    set_dumpable(false).context("prctl(PR_SET_DUMPABLE)")?;
    std::process::abort()
}

/// Waits until the parent says that the crash is over, by closing the pipe.
fn go_on(number: u32, mut until_crash: PipeReader) -> Result<()> {
    until_crash.read_to_end(&mut Vec::new()).context("read from the pipe")?;
    println!("child {number} (pid {}) is still here, after the crash.", getpid());
    Ok(())
}
