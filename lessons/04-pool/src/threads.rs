//! The five tasks of `pool` again, in a pool of threads from the crate `threadpool`. This is
//! one process; nothing is forked.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use crossbeam::channel::unbounded;
use nix::unistd::{getpid, gettid};
use threadpool::ThreadPool;

use crate::tasks::{self, TASKS, WORKERS};

pub fn run() -> Result<()> {
    println!("Process (pid {}), main thread (tid {}).", getpid(), gettid());
    let start = Instant::now();
    let pool = ThreadPool::new(WORKERS);
    let (tx, rx) = unbounded();
    for task in 0..TASKS.len() {
        let tx = tx.clone();
        pool.execute(move || {
            let time = tasks::run(task, &format!("tid {}", gettid()));
            tx.send(time).expect("the main thread holds the receiver");
        });
    }
    drop(tx);
    println!("Waiting for all threads done...");

    // Dropping the pool would not wait: the program could end before its tasks do.
    pool.join();
    // `join` also returns if a task has panicked, and that task has no result.
    ensure!(pool.panic_count() == 0, "{} of the tasks panicked", pool.panic_count());
    println!("All threads done.");
    let (work, time) = (rx.iter().sum::<Duration>(), start.elapsed());
    println!("{:.2} seconds of work in {:.2} seconds.", work.as_secs_f64(), time.as_secs_f64());
    Ok(())
}
