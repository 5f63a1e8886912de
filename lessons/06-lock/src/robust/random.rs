//! A child that does nothing but move money is killed at random moments.

use std::thread;
use std::time::Duration;

use anyhow::{Result, bail, ensure};
use common::child::fork_ready_child;
use shared_mutex::LockError;

use crate::processes::accounts::SUM;
use crate::processes::{Locked, owned};

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
    let child = fork_ready_child(|ready| {
        drop(ready);
        for amount in [1, -1].into_iter().cycle() {
            accounts.lock().map_err(owned)?.transfer(amount, |_| ());
        }
        Ok(())
    })?;
    // Any moment will do.
    thread::sleep(Duration::from_nanos(u64::from(number) * 7919 % 100_000));
    child.kill()?;
    Ok(())
}
