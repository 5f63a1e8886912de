//! One function, many arguments: `map` returns all results together, `imap` one by one in
//! order, `imap_unordered` as they come. The pool is the library `ProcessPool`; `pool` shows
//! how such a pool works inside.

use std::process::id;
use std::thread::sleep;
use std::time::Duration;

use anyhow::Result;
use common::paced;
use process_pool::{Function, ProcessPool};

use crate::TASKS;

/// Squares a number. Also returns the id of the process that did it.
pub static SQUARE: Function<u64, (u32, u64)> = Function::new("square", |n| (id(), n * n));

/// Waits for the given time.
pub static WAIT: Function<Duration, Duration> = Function::new("wait", |time| {
    sleep(time);
    time
});

pub fn run() -> Result<()> {
    let pool = ProcessPool::with_workers(TASKS, 3)?;
    let pids: Vec<_> = pool.pids().iter().map(|pid| format!("pid {pid}")).collect();
    println!("I am pid {}, my workers are {}.", id(), pids.join(", "));

    let size = 2;
    println!("map, in chunks of {size}:");
    for (number, result) in (1..).zip(pool.map(&SQUARE, 1..=6, Some(size))?) {
        let (pid, square) = result?;
        println!("  pid {pid}: {number} * {number} = {square}");
    }

    let times = [3, 1, 2].map(|n| paced(Duration::from_millis(500 * n)));
    println!("imap, three waits, the first is the longest:");
    for (number, result) in (1..).zip(pool.imap(&WAIT, times, 1)?) {
        result?;
        println!("  wait {number} is over");
    }
    println!("imap_unordered, the same:");
    for (number, result) in pool.imap_unordered(&WAIT, times, 1)? {
        result?;
        println!("  wait ≈ {} is over", number + 1);
    }

    let pool = ProcessPool::new(TASKS)?;
    println!(
        "A pool without a number has a worker for each CPU it may use: here ≈ {}.",
        pool.workers()
    );
    Ok(())
}
