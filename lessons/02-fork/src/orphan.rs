//! The parent ends first. Its child does not end with it: it is an orphan, and the
//! kernel gives it another parent.

use std::io::{PipeReader, PipeWriter, Read, Write, pipe};

use anyhow::{Context, Result, anyhow, ensure};
use common::child::{self, Child};
use common::{pidfd, proc};
use nix::sys::prctl::set_child_subreaper;
use nix::sys::signal::{Signal, kill};
use nix::unistd::{ForkResult, Pid, fork, getpid, getppid, pause};

pub fn run() -> Result<()> {
    println!("The system finds another parent for the orphan:");
    let (orphan, go_on) = make_orphan(false)?;
    let orphan = pidfd::open(orphan)?;
    drop(go_on);
    // Only a parent can wait for a process; a descriptor of it shows its end.
    pidfd::wait(&orphan, None)?;

    println!("I ({}) ask for the orphans among my descendants:", getpid());
    set_child_subreaper(true).context("prctl(PR_SET_CHILD_SUBREAPER)")?;
    let (orphan, go_on) = make_orphan(false)?;
    let orphan = Child::new(orphan);
    drop(go_on);
    print_end("child", orphan)?;

    println!("A child asks to be killed when its parent ends:");
    let (orphan, _go_on) = make_orphan(true)?;
    let orphan = Child::new(orphan);
    print_end("child", orphan)?;
    Ok(())
}

/// Makes an orphan: a child's child, whose parent is then killed. Returns its id, and
/// the write end of a pipe: when that is closed, the orphan continues.
fn make_orphan(ends_with_parent: bool) -> Result<(Pid, PipeWriter)> {
    let (mut told, tell) = pipe().context("pipe")?;
    let (wait, go_on) = pipe().context("pipe")?;
    let grandparent = getpid();

    child::ensure_one_thread()?;
    // SAFETY: this is the only thread, so no other can hold a lock that the child needs.
    let parent = match unsafe { fork() }.context("fork")? {
        ForkResult::Child => {
            drop((told, go_on));
            child::exit(be_parent(grandparent, ends_with_parent, tell, wait))
        }
        ForkResult::Parent { child } => Child::new(child),
    };
    drop((tell, wait));
    // The parent writes its child's id. The end comes when both have closed the pipe.
    let mut id = Vec::new();
    told.read_to_end(&mut id).context("read the orphan's id")?;
    let id = id.try_into().map_err(|_| anyhow!("the parent did not report its child's id"))?;

    kill(parent.pid(), Signal::SIGKILL).context("kill the parent")?;
    print_end("parent", parent)?;
    Ok((Pid::from_raw(i32::from_ne_bytes(id)), go_on))
}

/// Forks a child of its own, reports its id, and waits to be killed.
fn be_parent(
    grandparent: Pid,
    ends_with_parent: bool,
    mut tell: PipeWriter,
    wait: PipeReader,
) -> Result<()> {
    child::end_with(grandparent)?;
    let parent = getpid();
    child::ensure_one_thread()?;
    // SAFETY: this is the only thread, so no other can hold a lock that the child needs.
    match unsafe { fork() }.context("fork")? {
        ForkResult::Child => child::exit(be_child(parent, ends_with_parent, tell, wait)),
        ForkResult::Parent { child } => {
            tell.write_all(&child.as_raw().to_ne_bytes()).context("tell the child's id")?;
            drop(tell);
            loop {
                pause();
            }
        }
    }
}

/// Prints its parent's id before and after the parent's end.
fn be_child(
    parent: Pid,
    ends_with_parent: bool,
    ready: PipeWriter,
    mut wait: PipeReader,
) -> Result<()> {
    if ends_with_parent {
        child::end_with(parent)?;
    }
    println!("  child (pid {}): my parent is {}", getpid(), getppid());
    drop(ready);
    wait.read_to_end(&mut Vec::new()).context("wait for the parent's end")?;
    ensure!(getppid() != parent, "the parent is still there");
    let name = proc::field(format!("/proc/{}/status", getppid()), "Name")?;
    println!("  child (pid {}): my parent is ≈ {} (≈ {name:?})", getpid(), getppid());
    Ok(())
}

/// Waits for a child, or an orphan that was adopted, and prints how it ended.
fn print_end(name: &str, process: Child) -> Result<()> {
    println!("  {name} (pid {}) has ended: {}", process.pid(), child::describe(process.wait()?));
    Ok(())
}
