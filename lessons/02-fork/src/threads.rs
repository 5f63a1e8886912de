//! A fork copies one thread, the one that calls it. A lock that another thread holds
//! stays locked in the child for ever, and the child hangs. Three ways out.

use std::fmt::Display;
use std::io::{PipeWriter, Read, Write, pipe, stdout};
use std::process::Command;
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use common::child::{self, Child, describe};
use common::{paced, pidfd, proc, text};
use nix::libc;
use nix::unistd::{ForkResult, Pid, fork, getpid, write};

/// Both threads, and then both processes, want this lock.
static LOCK: Mutex<()> = Mutex::new(());

pub fn run() -> Result<()> {
    println!("Way out 1: fork while there is one thread (threads here: {})", threads("self")?);
    fork_before_threads()?;

    let (mut is_locked, mut locked) = pipe().context("pipe")?;
    thread::spawn(move || {
        // Held until the program ends.
        let _guard = LOCK.lock();
        let _ = locked.write_all(b"!");
        loop {
            thread::park();
        }
    });
    is_locked.read_exact(&mut [0]).context("the thread that takes the lock")?;
    println!("A thread takes the lock, another forks (threads here: {})", threads("self")?);
    use_lock_in_child()?;
    write_and_exit_in_child()?;
    start_program()
}

fn fork_before_threads() -> Result<()> {
    // SAFETY: this process has one thread, so no lock can be held by a thread that
    // the child does not have.
    match unsafe { fork() }.context("fork")? {
        ForkResult::Child => {
            let _guard = LOCK.lock();
            println!("  child (pid {}): I have the lock", getpid());
            // SAFETY: it only ends this process.
            unsafe { libc::_exit(0) }
        }
        ForkResult::Parent { child } => print_end(Child::new(child)),
    }
}

/// The mistake. The lock was copied, and is locked; the thread that would unlock it
/// was not copied.
fn use_lock_in_child() -> Result<()> {
    let (mut ready, tell) = pipe().context("pipe")?;
    let parent = getpid();
    // SAFETY: this is the mistake that is shown: the child will wait for ever. It
    // allocates nothing before, and then the parent kills it.
    let child = match unsafe { fork() }.context("fork")? {
        ForkResult::Child => child::exit(wait_for_lock(parent, tell)),
        ForkResult::Parent { child } => Child::new(child),
    };
    let pid = child.pid();
    drop(tell);
    ready.read_exact(&mut [0]).context("the child is not ready")?;
    let status = format!("/proc/{pid}/status");
    // Polling: good enough for a demo. It can mistake another short sleep for the wait, so
    // what counts is that the child is still here a second later.
    while proc::field(&status, "State")?.starts_with('R') {
        thread::yield_now();
    }
    println!("  child (pid {pid}): wants the lock (threads here: {})", threads(pid)?);

    let time = paced(Duration::from_secs(1));
    let ended = pidfd::wait(&pidfd::open(pid)?, Some(time))?;
    ensure!(!ended, "the child has ended: {}", describe(child.wait()?));
    let state = proc::field(&status, "State")?;
    let place = proc::wchan(pid)?;
    println!("  after {}: state {state}, in the kernel's ≈ {place:?}; I kill it", text::time(time));
    println!("  pid {pid} has ended: {}", describe(child.kill()?));
    Ok(())
}

fn wait_for_lock(parent: Pid, mut tell: PipeWriter) -> Result<()> {
    child::end_with(parent)?;
    tell.write_all(b"!")?;
    drop(LOCK.lock());
    Ok(())
}

/// The second way out: the child calls only what signal-safety(7) lists. `println!` takes a
/// lock, and allocates.
fn write_and_exit_in_child() -> Result<()> {
    println!("Way out 2: only async-signal-safe calls in the child");
    // SAFETY: the child calls write and _exit, which are async-signal-safe. `stdout()` only
    // looks up what the first `println!` has made.
    match unsafe { fork() }.context("fork")? {
        ForkResult::Child => {
            let written = write(stdout(), b"  child: I wrote this without a lock\n");
            // SAFETY: this ends the process, and runs none of its code any more.
            unsafe { libc::_exit(written.is_err().into()) }
        }
        ForkResult::Parent { child } => print_end(Child::new(child)),
    }
}

/// The third way out: another program, whose memory is its own. Between its fork and
/// its exec a Command makes async-signal-safe calls only.
fn start_program() -> Result<()> {
    println!("Way out 3: another program in the child");
    let script = "echo \"  child (pid $$): I have memory of my own\"";
    let end = Command::new("/bin/sh").args(["-c", script]).status().context("start /bin/sh")?;
    println!("  it has ended: {end}");
    Ok(())
}

fn print_end(child: Child) -> Result<()> {
    println!("  pid {} has ended: {}", child.pid(), describe(child.wait()?));
    Ok(())
}

/// How many threads a process has.
fn threads(pid: impl Display) -> Result<String> {
    proc::field(format!("/proc/{pid}/status"), "Threads")
}

#[cfg(test)]
mod tests {
    use std::fs;

    use nix::sys::signal::{Signal, kill};
    use testing::printed;

    use super::*;

    /// A child of a thread of this process.
    fn child() -> Option<Pid> {
        let threads = fs::read_dir("/proc/self/task").unwrap();
        let children = threads.map(|thread| thread.unwrap().path().join("children"));
        let children = children.map(|file| fs::read_to_string(file).unwrap_or_default());
        children.filter_map(|ids| ids.trim().parse().ok()).map(Pid::from_raw).next()
    }

    #[test]
    fn the_child_that_says_it_has_the_lock_takes_it() {
        let lines = printed::lines("0", || {
            let _held = LOCK.lock().unwrap();
            let forking = thread::spawn(fork_before_threads);
            while !forking.is_finished() {
                if let Some(child) = child() {
                    assert!(proc::poll_until_asleep(child).unwrap());
                    kill(child, Signal::SIGKILL).unwrap();
                    break;
                }
            }
            forking.join().unwrap().unwrap();
        });
        assert_eq!(lines.len(), 1, "{lines:#?}");
        assert!(lines[0].ends_with(" has ended: killed by SIGKILL"), "{lines:#?}");
    }
}
