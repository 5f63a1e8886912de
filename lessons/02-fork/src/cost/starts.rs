//! How long it takes to start a process or a thread: from the call to its return.

use std::ffi::c_int;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use common::child;
use nix::libc;
use nix::sched::{CloneFlags, clone};
use nix::sys::signal::Signal;
use nix::unistd::{ForkResult, fork};

/// A way to start a process or a thread.
pub struct Way {
    /// Its name in a table.
    pub name: &'static str,
    /// Starts one that does nothing, and returns how long that took; then waits for its
    /// end, which does not count.
    pub start: fn() -> Result<Duration>,
}

pub const FORK: Way = Way { name: "fork", start: start_fork };

pub const WAYS: [Way; 4] = [
    FORK,
    Way { name: "vfork", start: start_vfork },
    Way { name: "Command", start: start_command },
    Way { name: "thread", start: start_thread },
];

impl Way {
    /// The median time.
    ///
    /// # Errors
    /// If the system refuses another process or thread.
    pub fn median(&self) -> Result<Duration> {
        let start = Instant::now();
        let mut times = Vec::new();
        while times.len() < 9 || (times.len() < 51 && start.elapsed().as_millis() < 10) {
            times.push((self.start)()?);
        }
        Ok(median_of(times))
    }
}

/// As many of the times are longer as are shorter; of two in the middle it takes the longer.
fn median_of(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn start_fork() -> Result<Duration> {
    let start = Instant::now();
    // SAFETY: the child calls nothing but _exit, which is async-signal-safe.
    let forked = unsafe { fork() };
    match forked.context("fork")? {
        // SAFETY: this ends the process, and runs none of its code any more.
        ForkResult::Child => unsafe { libc::_exit(0) },
        ForkResult::Parent { child } => {
            let time = start.elapsed();
            child::wait_for(child)?;
            Ok(time)
        }
    }
}

/// As `vfork` does: the child uses the parent's memory, and the parent waits until it has
/// ended or become another program.
fn start_vfork() -> Result<Duration> {
    let mut stack = vec![0; 1 << 16];
    let flags = CloneFlags::CLONE_VM | CloneFlags::CLONE_VFORK;
    let end_at_once = Box::new(|| 0 as c_int as isize);
    let start = Instant::now();
    // SAFETY: the child has a stack of its own, and returns at once; until then the
    // kernel lets this thread wait, so they do not use memory at the same time.
    let child = unsafe { clone(end_at_once, &mut stack, flags, Some(Signal::SIGCHLD as c_int)) };
    let time = start.elapsed();
    child::wait_for(child.context("clone")?)?;
    Ok(time)
}

/// On Linux this is the C library's `posix_spawn`, and another program.
fn start_command() -> Result<Duration> {
    let mut command = Command::new("true");
    let start = Instant::now();
    let mut child = command.spawn().context("start true")?;
    let time = start.elapsed();
    child.wait().context("wait")?;
    Ok(time)
}

fn start_thread() -> Result<Duration> {
    let start = Instant::now();
    let thread = thread::Builder::new().spawn(|| {}).context("start a thread")?;
    let time = start.elapsed();
    thread.join().expect("it does nothing");
    Ok(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        let median = |times: &[u64]| {
            median_of(times.iter().map(|&n| Duration::from_nanos(n)).collect()).as_nanos()
        };
        assert_eq!(median(&[7]), 7);
        assert_eq!(median(&[9, 1, 1000, 2, 8]), 8);
        assert_eq!(median(&[4, 1, 3, 2]), 3);
    }
}
