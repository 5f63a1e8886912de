//! A child that moves money all the time is killed at random moments.

use std::io::{Read, pipe};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use nix::sys::signal::{Signal, kill};
use shared_mutex::LockError;

use super::accounts::SUM;
use super::{Locked, fork_child, owned};

pub fn kill_often(accounts: &Locked, kills: u32) -> Result<()> {
    let (mut owners, mut undone) = (0, 0);
    for number in 0..kills {
        kill_once(accounts, number)?;
        let guard = match accounts.lock() {
            Ok(guard) => guard,
            Err(LockError::OwnerDied(dead)) => {
                owners += 1;
                undone += u32::from(dead.repair());
                dead.consistent()
            }
            Err(LockError::NotRecoverable) => bail!("the lock is lost"),
        };
        ensure!(guard.sum() == SUM, "money was lost or made: {}", *guard);
    }
    println!("  it had the lock ≈ {owners} times, and ≈ {undone} transfers had to be undone");
    println!("  the sum was {SUM} each time");
    Ok(())
}

/// Kills a child some microseconds after it has begun.
fn kill_once(accounts: &Locked, number: u32) -> Result<()> {
    let (mut has_begun, begun) = pipe().context("pipe")?;
    let child = fork_child(move || {
        drop(begun);
        for amount in [1, -1].into_iter().cycle() {
            accounts.lock().map_err(owned)?.transfer(amount, |_| ());
        }
        Ok(())
    })?;
    has_begun.read_to_end(&mut Vec::new()).context("read from the pipe")?;
    // Any moment will do.
    thread::sleep(Duration::from_nanos(u64::from(number) * 7919 % 100_000));
    let pid = child.pid();
    kill(pid, Signal::SIGKILL).with_context(|| format!("kill({pid})"))?;
    child.wait()?;
    Ok(())
}
