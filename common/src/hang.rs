//! Shows where a child waits for ever.

use std::time::Duration;

use anyhow::{Result, ensure};

use crate::child::Child;
use crate::{paced, pidfd, proc, text};

/// Gives a child a second to end, and prints where it sleeps instead.
///
/// # Errors
/// If it has ended.
pub fn show(child: &Child) -> Result<()> {
    let pid = child.pid();
    println!("  pid {pid} waits");
    proc::poll_until_asleep(pid)?;
    let time = paced(Duration::from_secs(1));
    let ended = pidfd::wait(&pidfd::open(pid)?, Some(time))?;
    ensure!(!ended, "pid {pid} has ended instead of waiting for ever");
    let state = proc::field(format!("/proc/{pid}/status"), "State")?;
    let place = proc::wchan(pid)?;
    let time = text::time(time);
    println!("  after {time}: state {state}, in the kernel function ≈ {place:?}");
    Ok(())
}
