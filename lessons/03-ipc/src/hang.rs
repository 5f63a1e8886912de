//! Children that wait for ever: a look at where they wait.

use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use common::child::Child;
use common::{paced, pidfd, proc, text};
use nix::unistd::Pid;

/// Waits until a process sleeps in the kernel; `false` if it has ended instead.
///
/// # Errors
/// If it has been waited for.
pub fn wait_until_asleep(pid: Pid) -> Result<bool> {
    loop {
        match proc::field(format!("/proc/{pid}/status"), "State")?.chars().next() {
            Some('S') => return Ok(true),
            Some('Z') => return Ok(false),
            _ => thread::yield_now(),
        }
    }
}

/// Gives a child a second to end, and tells where it waits instead.
///
/// # Errors
/// If it has ended.
pub fn show(child: &Child) -> Result<()> {
    let pid = child.pid();
    println!("  pid {pid} waits");
    wait_until_asleep(pid)?;
    let time = paced(Duration::from_secs(1));
    let ended = pidfd::wait(&pidfd::open(pid)?, Some(time))?;
    ensure!(!ended, "pid {pid} has ended, and was to wait for ever");
    let state = proc::field(format!("/proc/{pid}/status"), "State")?;
    let place = std::fs::read_to_string(format!("/proc/{pid}/wchan")).context("/proc/PID/wchan")?;
    let time = text::time(time);
    println!("  after {time}: state {state}, in the kernel's ≈ {place:?}");
    Ok(())
}
