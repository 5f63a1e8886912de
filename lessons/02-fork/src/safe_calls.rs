//! What a child may do whose parent has other threads: make async-signal-safe calls only, until
//! it ends or becomes another program. `println!` is not one: it takes a lock (see `threads`).

use std::io::{Read, Write, pipe, stdout};
use std::process::Command;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use common::child::{self, Child, describe};
use common::{paced, pidfd, text};
use nix::libc;
use nix::unistd::{ForkResult, fork, getpid, write};

pub fn run() -> Result<()> {
    println!("A thread takes the lock of println!, and another starts three children:");
    let (mut is_locked, mut locked) = pipe().context("pipe")?;
    let (mut until_released, release) = pipe().context("pipe")?;
    let holder = thread::spawn(move || {
        let _guard = stdout().lock();
        let _ = locked.write_all(b"!");
        let _ = until_released.read_to_end(&mut Vec::new());
    });
    is_locked.read_exact(&mut [0]).context("the thread that takes the lock")?;
    let ends = [print_in_child()?, write_in_child()?, exec_in_child()?];

    drop(release);
    holder.join().expect("it only waits");
    println!("The lock is free again. The children ended like this:");
    ends.iter().for_each(|end| println!("  {end}"));
    Ok(())
}

/// Wrong: the lock is copied, and is locked. It takes no lock of one's own to make this mistake.
fn print_in_child() -> Result<String> {
    let parent = getpid();
    // SAFETY: this is the mistake that is shown: the child waits for ever, and the parent
    // kills it.
    let child = match unsafe { fork() }.context("fork")? {
        ForkResult::Child => {
            let is_bound = child::end_with(parent);
            println!("  child (pid {}): written by println!", getpid());
            child::exit(is_bound)
        }
        ForkResult::Parent { child } => Child::new(child),
    };
    let (pid, time) = (child.pid(), paced(Duration::from_secs(1)));
    let ended = pidfd::wait(&pidfd::open(pid)?, Some(time))?;
    ensure!(!ended, "the child that prints has ended: {}", describe(child.wait()?));
    Ok(format!(
        "println!: pid {pid} hung for {}, then: {}",
        text::time(time),
        describe(child.kill()?)
    ))
}

/// Right: the child calls only what signal-safety(7) lists.
fn write_in_child() -> Result<String> {
    let output = stdout();
    // SAFETY: the child calls write and _exit, which are async-signal-safe.
    let child = match unsafe { fork() }.context("fork")? {
        ForkResult::Child => {
            let written = write(&output, b"  child: written by write, without a lock\n");
            // SAFETY: this ends the process, and runs none of its code any more.
            unsafe { libc::_exit(written.is_err().into()) }
        }
        ForkResult::Parent { child } => Child::new(child),
    };
    Ok(format!("write:    pid {}: {}", child.pid(), describe(child.wait()?)))
}

/// Right: another program, whose memory is its own. Between its fork and its exec a Command
/// makes async-signal-safe calls only.
fn exec_in_child() -> Result<String> {
    let script = "echo \"  child (pid $$): written by another program, with memory of its own\"";
    let mut child =
        Command::new("/bin/sh").args(["-c", script]).spawn().context("start /bin/sh")?;
    let end = child.wait().context("wait for /bin/sh")?;
    Ok(format!("exec:     pid {}: {end}", child.id()))
}
