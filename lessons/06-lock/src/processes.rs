//! A lock between processes. Its owner is killed in the middle of a change. A robust lock
//! reports that to the next owner, who repairs the data; any other stays locked for ever.

mod accounts;
mod random;

use anyhow::{Context, Result, anyhow, bail, ensure};
use common::child::{Child, describe, fork_child};
use common::{hang, proc};
use nix::sys::signal::{Signal, raise};
use nix::sys::wait::{WaitPidFlag, WaitStatus};
use nix::unistd::getpid;
use shared_mutex::{LockError, SharedMutex};

pub use accounts::LAST_STEP;
use accounts::{Accounts, SUM};

type Locked = SharedMutex<Accounts>;

/// The options of the demo.
pub struct Asked {
    /// A child is killed after this step of a transfer.
    pub step: u32,
    /// How often two children move money at the same time.
    pub times: u32,
    /// How often to kill a child at a random moment.
    pub kills: u32,
}

pub fn run(asked: &Asked) -> Result<()> {
    let accounts = SharedMutex::robust(Accounts::new()).context("a mutex in shared memory")?;
    println!("Two accounts in memory that processes share: {}", read(accounts)?);
    there_and_back(accounts, asked.times)?;

    println!("A child is killed while it has the lock, and the next one repairs:");
    kill_owner(accounts, asked.step, repair)?.join()?;
    println!("  parent (pid {}): I have the lock: {}", getpid(), read(accounts)?);
    println!("One is killed at a random moment, {} times:", asked.kills);
    random::kill_often(accounts, asked.kills)?;

    println!("The next one does not repair:");
    kill_owner(accounts, asked.step, give_back)?.join()?;
    let error = accounts.lock().err().context("the lock is not lost")?;
    println!("  parent (pid {}): {error}", getpid());

    println!("The lock is not robust:");
    let accounts = SharedMutex::not_robust(Accounts::new()).context("a mutex in shared memory")?;
    let next = kill_owner(accounts, asked.step, repair)?;
    hang::show(&next)?;
    kill_and_wait(next)
}

/// Two children move money at the same time.
fn there_and_back(accounts: &Locked, times: u32) -> Result<()> {
    let move_often = |amount| {
        fork_child(move || {
            for _ in 0..times {
                accounts.lock().map_err(owned)?.transfer(amount, |_| ());
            }
            Ok(())
        })
    };
    let children = [move_often(1)?, move_often(-1)?];
    children.into_iter().try_for_each(Child::join)?;
    println!("Two children move 1, one there and one back, {times} times: {}", read(accounts)?);
    Ok(())
}

/// Kills a child in the middle of a transfer, and returns another that wants the lock.
fn kill_owner(accounts: &Locked, step: u32, then: fn(&Locked) -> Result<()>) -> Result<Child> {
    let mut owner = fork_child(|| {
        let guard = accounts.lock().map_err(owned)?;
        guard.transfer(30, |done| {
            if done == step {
                println!("  child (pid {}): I have the lock; step {step} is done", getpid());
                // The parent waits until this process is stopped.
                raise(Signal::SIGSTOP).expect("a process may stop itself");
            }
        });
        Ok(())
    })?;
    let status = owner.wait_with(WaitPidFlag::WUNTRACED)?;
    let stopped = matches!(status, WaitStatus::Stopped(_, Signal::SIGSTOP));
    ensure!(stopped, "the child did not stop: {}", describe(status));

    let next = fork_child(|| {
        println!("  child (pid {}): I want the lock", getpid());
        then(accounts)
    })?;
    ensure!(proc::wait_until_asleep(next.pid())?, "pid {} did not wait", next.pid());
    kill_and_wait(owner)?;
    Ok(next)
}

fn kill_and_wait(child: Child) -> Result<()> {
    let pid = child.pid();
    println!("  parent (pid {}): I kill pid {pid}: {}", getpid(), describe(child.kill()?));
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

/// The accounts, read under the lock.
fn read(accounts: &Locked) -> Result<String> {
    let guard = accounts.lock().map_err(owned)?;
    ensure!(guard.sum() == SUM, "money was lost or made: {}", *guard);
    Ok(guard.to_string())
}

/// The error without the lock that it borrows.
fn owned(error: LockError<Accounts>) -> anyhow::Error {
    anyhow!("{error}")
}
