//! A pool ends in one of three ways: it is closed and joined, terminated, or dropped. Two
//! calls come at the wrong time, and the pool refuses them.

use std::thread::sleep;
use std::time::Duration;

use anyhow::{Result, ensure};
use common::paced;
use process_pool::ProcessPool;

use crate::TASKS;
use crate::map::{SQUARE, WAIT};

pub fn run() -> Result<()> {
    println!("close, then join:");
    let mut pool = ProcessPool::with_workers(TASKS, 2)?;
    let handle = pool.apply_async(&WAIT, paced(Duration::from_secs(1)))?;
    match pool.join() {
        Ok(()) => println!("  join ended before the pool was closed"),
        Err(why) => println!("  join before close: {why}"),
    }
    pool.close();
    match pool.apply_async(&SQUARE, 3) {
        Ok(_) => println!("  a closed pool took a task"),
        Err(why) => println!("  a task after close: {why}"),
    }
    pool.join()?;
    println!("  joined; the task from before was done: {}", handle.is_ready());
    println!("  workers: {}", pool.pids().len());

    println!("terminate:");
    let pool = ProcessPool::with_workers(TASKS, 2)?;
    let handles = [(); 3].map(|()| pool.apply_async(&WAIT, Duration::from_secs(3600)));
    // Time to look at them from another terminal.
    sleep(paced(Duration::from_secs(1)));
    pool.terminate();
    for (task, handle) in (1..).zip(handles) {
        match handle?.wait() {
            Ok(_) => println!("  task {task} took no hour"),
            Err(why) => println!("  task {task}: {why}"),
        }
    }

    println!("drop:");
    let pool = ProcessPool::with_workers(TASKS, 2)?;
    let handle = pool.apply_async(&WAIT, Duration::from_secs(3600))?;
    drop(pool);
    ensure!(handle.is_ready(), "the task still runs without its pool");
    println!("  it is the same as terminate");
    Ok(())
}
