//! A worker has 500 tasks in advance and is killed in the middle of them. Its results are in
//! memory that it shared with the parent, so only the task that it was running is lost.

use std::process::id;

use anyhow::{Result, ensure};
use nix::sys::signal::{Signal, raise};
use process_pool::{Function, ProcessPool};

use crate::TASKS;

/// The task that kills its worker.
const DEADLY: usize = 100;

/// Returns the id of the process that runs it.
pub static WHO: Function<usize, u32> = Function::new("who", |task| {
    if task == DEADLY {
        let _ = raise(Signal::SIGKILL);
    }
    id()
});

pub fn run() -> Result<()> {
    println!("Two workers get 1000 tasks, in two chunks of 500. Task {DEADLY} kills its worker.");
    let pool = ProcessPool::with_workers(TASKS, 2)?;
    let results = pool.map(&WHO, 1..=1000, Some(500))?;

    // Task 1 is the first in `results`, so at index 0.
    let before = &results[..DEADLY - 1];
    let after = &results[DEADLY..500];
    let killed = before[0].clone()?;
    ensure!(before.iter().all(|result| *result == Ok(killed)), "another worker had a part");
    println!("  tasks 1 to 99: done by pid {killed}");
    if let Err(why) = &results[DEADLY - 1] {
        println!("  task {DEADLY}: {why}");
    }
    let others = after.iter().filter(|result| result.as_ref().is_ok_and(|pid| *pid != killed));
    println!("  tasks 101 to 500, of the same chunk: {} done by others", others.count());
    let done = results.iter().filter(|result| result.is_ok()).count();
    println!("  done: {done}, lost: {}", results.len() - done);
    Ok(())
}
