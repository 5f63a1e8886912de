//! A lock between processes, in memory that they share. Then its owner is killed while it has
//! the lock: the next process waits for ever. Compare with `robust`, where it does not.

pub mod accounts;

use anyhow::{Context, Result, anyhow, ensure};
use common::child::{Child, describe, fork_child};
use common::menu::Options;
use common::{hang, proc};
use nix::sys::signal::{Signal, raise};
use nix::sys::wait::{WaitPidFlag, WaitStatus};
use nix::unistd::getpid;
use shared_mutex::{LockError, SharedMutex};

use accounts::{Accounts, SUM};

pub type Locked = SharedMutex<Accounts>;

/// In the middle of a transfer: the money has been taken, and not yet been put in.
pub const MIDDLE: u32 = 3;

pub fn run(options: &Options) -> Result<()> {
    let times = options.get::<u32>("--times")?.unwrap_or(50_000);
    let accounts = SharedMutex::not_robust(Accounts::new()).context("a mutex in shared memory")?;
    println!("Two accounts in memory that processes share: {}", read(accounts)?);
    there_and_back(accounts, times)?;

    println!("A child is killed while it has the lock:");
    let next = kill_owner(accounts, MIDDLE, |accounts| read(accounts).map(drop))?;
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

/// Kills a child that has the lock, after a step of its transfer. Returns another child, which
/// waited for the lock before that, and calls `then`.
pub fn kill_owner(accounts: &Locked, step: u32, then: fn(&Locked) -> Result<()>) -> Result<Child> {
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
    // Polls /proc until it sleeps: at the lock.
    ensure!(proc::poll_until_asleep(next.pid())?, "pid {} did not wait", next.pid());
    kill_and_wait(owner)?;
    Ok(next)
}

pub fn kill_and_wait(child: Child) -> Result<()> {
    let pid = child.pid();
    println!("  parent (pid {}): I kill pid {pid}: {}", getpid(), describe(child.kill()?));
    Ok(())
}

/// The accounts, read under the lock.
pub fn read(accounts: &Locked) -> Result<String> {
    let guard = accounts.lock().map_err(owned)?;
    ensure!(guard.sum() == SUM, "money was lost or made: {}", *guard);
    Ok(guard.to_string())
}

/// The error without the lock that it borrows.
pub fn owned(error: LockError<Accounts>) -> anyhow::Error {
    anyhow!("{error}")
}
