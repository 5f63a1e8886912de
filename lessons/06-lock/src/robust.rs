//! A robust lock between processes: when its owner dies, the next process gets the lock, is
//! told, and repairs what the owner left. Compare with `processes`, where it waits for ever.

mod random;

use anyhow::{Context, Result, bail};
use nix::unistd::getpid;
use shared_mutex::{LockError, SharedMutex};

use crate::processes::accounts::Accounts;
use crate::processes::{Locked, kill_owner, read};

/// The options of the demo.
pub struct Asked {
    /// A child is killed after this step of a transfer.
    pub step: u32,
    /// How often to kill a child at a random moment.
    pub kills: u32,
}

pub fn run(asked: &Asked) -> Result<()> {
    let accounts = SharedMutex::robust(Accounts::new()).context("a mutex in shared memory")?;
    println!("A child is killed while it has the lock, and the next one repairs:");
    kill_owner(accounts, asked.step, repair)?.join()?;
    println!("  parent (pid {}): I have the lock: {}", getpid(), read(accounts)?);

    println!("One is killed at a random moment, {} times:", asked.kills);
    random::kill_often(accounts, asked.kills)?;

    println!("The next one does not repair:");
    kill_owner(accounts, asked.step, give_back)?.join()?;
    let error = accounts.lock().err().context("the lock is not lost")?;
    println!("  parent (pid {}): {error}", getpid());
    Ok(())
}

/// Gets the lock of the process that was killed, and repairs the accounts.
fn repair(accounts: &Locked) -> Result<()> {
    let me = getpid();
    let dead = match accounts.lock() {
        Err(LockError::OwnerDied(dead)) => dead,
        Err(LockError::NotRecoverable) => bail!("the lock is lost"),
        Ok(_) => bail!("the lock does not report that its owner died"),
    };
    println!("  child (pid {me}): the owner has died and left {}", *dead);
    let undone = if dead.repair() { "its transfer is undone" } else { "nothing is half done" };
    let guard = dead.consistent();
    println!("  child (pid {me}): {undone}: {}", *guard);
    Ok(())
}

/// Gets the lock of the process that was killed, and gives it back as it is.
fn give_back(accounts: &Locked) -> Result<()> {
    let error = accounts.lock().err().context("the lock does not report that its owner died")?;
    println!("  child (pid {}): {error}; I give it back as it is", getpid());
    Ok(())
}
