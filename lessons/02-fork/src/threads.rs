//! A fork copies one thread, the one that calls it. A lock that another thread holds
//! stays locked in the child for ever, and a child that wants it hangs. So fork first, and
//! start threads afterwards. What a child can do if there are threads: `safe-calls`.

use std::fmt::Display;
use std::io::{self, PipeWriter, Read, Write, pipe};
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use common::child::{self, Child, describe};
use common::{paced, pidfd, proc, text};
use nix::unistd::{ForkResult, Pid, fork, getpid};

/// A thread of the parent wants it, and each child.
static LOCK: Mutex<()> = Mutex::new(());

pub fn run() -> Result<()> {
    println!("Right: first a fork, then threads (threads here: {})", threads("self")?);
    fork_first()?;
    hold_lock_in_thread()?;
    println!("Wrong: a fork while a thread holds the lock (threads here: {})", threads("self")?);
    fork_while_locked()
}

/// Right: no other thread can hold the lock, because there is none.
fn fork_first() -> Result<()> {
    child::ensure_one_thread()?;
    // SAFETY: this is the only thread, so no other can hold a lock that the child needs.
    let child = match unsafe { fork() }.context("fork")? {
        ForkResult::Child => child::exit(take_lock()),
        ForkResult::Parent { child } => Child::new(child),
    };
    println!("  pid {} has ended: {}", child.pid(), describe(child.wait()?));
    Ok(())
}

/// Wrong: the lock is copied, and is locked. The thread that would unlock it is not copied.
fn fork_while_locked() -> Result<()> {
    let (ready, tell) = pipe().context("pipe")?;
    let parent = getpid();
    // SAFETY: this is the mistake that is shown: the child waits for ever. It allocates
    // nothing before, and the parent kills it.
    let child = match unsafe { fork() }.context("fork")? {
        ForkResult::Child => child::exit(take_lock_and_tell(parent, tell)),
        ForkResult::Parent { child } => Child::new(child),
    };
    drop(tell);
    watch(child, ready)
}

fn take_lock() -> Result<()> {
    let _guard = LOCK.lock();
    println!("  child (pid {}): I have the lock", getpid());
    Ok(())
}

/// As `take_lock`, for a child that may have to be killed, and whose parent waits until it
/// gets this far.
fn take_lock_and_tell(parent: Pid, mut tell: PipeWriter) -> Result<()> {
    child::end_with(parent)?;
    tell.write_all(b"!")?;
    take_lock()
}

/// Starts a thread that holds the lock until the program ends.
fn hold_lock_in_thread() -> Result<()> {
    let (mut is_locked, mut locked) = pipe().context("pipe")?;
    thread::spawn(move || {
        let _guard = LOCK.lock();
        let _ = locked.write_all(b"!");
        loop {
            thread::park();
        }
    });
    is_locked.read_exact(&mut [0]).context("the thread that takes the lock")
}

/// Gives the child a second to take the lock, and then kills it.
fn watch(child: Child, mut ready: impl Read) -> Result<()> {
    let pid = child.pid();
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
    println!(
        "  after {}: state {state}, in the kernel function ≈ {place:?}; I kill it",
        text::time(time)
    );
    println!("  pid {pid} has ended: {}", describe(child.kill()?));
    Ok(())
}

/// How many threads a process has.
fn threads(pid: impl Display) -> io::Result<String> {
    proc::field(format!("/proc/{pid}/status"), "Threads")
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use nix::unistd::gettid;
    use testing::printed;

    use super::*;

    #[test]
    fn the_child_that_says_it_has_the_lock_takes_it() {
        let lines = printed::lines("0", || {
            let held = LOCK.lock().unwrap();
            let (tell, id) = mpsc::channel();
            let child = thread::spawn(move || {
                tell.send(gettid()).unwrap();
                take_lock().unwrap();
            });
            // An error says that it has ended, without the lock.
            let _ = proc::poll_until_asleep(id.recv().unwrap());
            println!("released");
            drop(held);
            child.join().unwrap();
        });
        assert_eq!(lines.len(), 2, "{lines:#?}");
        assert_eq!(lines[0], "released", "{lines:#?}");
    }
}
