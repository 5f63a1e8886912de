//! A parent with several children records the id that `fork` returns for each, and waits for
//! each by its id. The other way needs no record: a child asks `getppid()`.

use anyhow::{Context, Result};
use common::child::{self, Child};
use nix::libc;
use nix::unistd::{ForkResult, fork, getpid, getppid};

pub fn run(children: u8) -> Result<()> {
    println!("I ({}) have no child yet.", getpid());
    let mut noted = Vec::new();
    for number in 1..=children {
        child::ensure_one_thread()?;
        // SAFETY: this is the only thread, so no other can hold a lock that the child needs.
        match unsafe { fork() }.context("fork")? {
            ForkResult::Child => {
                println!("I am child {number} (pid {}) and my parent is {}.", getpid(), getppid());
                // SAFETY: it only ends this process.
                unsafe { libc::_exit(10 + i32::from(number)) }
            }
            ForkResult::Parent { child } => noted.push(Child::new(child)),
        }
    }
    let ids: Vec<_> = noted.iter().map(|child| format!("pid {}", child.pid())).collect();
    println!("I ({}) noted the ids of my children: {}.", getpid(), ids.join(", "));

    for child in noted {
        let pid = child.pid();
        let end = child::describe(child.wait()?);
        println!("I ({}) waited for pid {pid}: {end}.", getpid());
    }
    Ok(())
}
