//! What you would use today for the pool of `threads`: the crate rayon. One call hands out the
//! tasks, waits for all of them and returns their results. Compare with `panic` and `steal`,
//! which do by hand what rayon does.

use std::iter::repeat_with;
use std::panic::catch_unwind;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use common::{paced, panics};
use nix::unistd::{getpid, gettid};
use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder, current_num_threads, current_thread_index};

use crate::tasks::{TASKS, WORKERS};

/// The numbers to add up.
const NUMBERS: u64 = 1 << 18;

pub fn run() -> Result<()> {
    println!("Process (pid {}), main thread (tid {}).", getpid(), gettid());
    let pool = pool_of(WORKERS)?;
    run_tasks(&pool)?;
    add_up(&pool)?;
    // Otherwise it would start at its first use, and panic if it could not.
    ThreadPoolBuilder::new().build_global().context("start the pool of rayon itself")?;
    panics::silence();
    halve(half);
    Ok(())
}

fn pool_of(threads: usize) -> Result<ThreadPool> {
    let pool = ThreadPoolBuilder::new().num_threads(threads);
    pool.thread_name(|index| format!("rayon {index}")).build().context("start a pool")
}

/// The notes' five tasks. Their results come in the order of the tasks.
fn run_tasks(pool: &ThreadPool) -> Result<()> {
    println!("{} tasks, {} threads:", TASKS.len(), pool.current_num_threads());
    let start = Instant::now();
    let results: Vec<(Duration, usize)> =
        pool.install(|| TASKS.par_iter().map(|&time| run_task(time)).collect());
    for (task, (time, thread)) in results.iter().enumerate() {
        println!("  task {task} took {:.2} seconds, in thread ≈ {thread}", time.as_secs_f64());
    }
    let (work, time) = (results.iter().map(|(time, _)| *time).sum::<Duration>(), start.elapsed());
    println!("  {:.2} seconds of work in {:.2} seconds", work.as_secs_f64(), time.as_secs_f64());
    Ok(())
}

/// Returns how long it took, and which thread of the pool ran it.
fn run_task(time: Duration) -> (Duration, usize) {
    let start = Instant::now();
    sleep(paced(time));
    (start.elapsed(), this_thread())
}

fn this_thread() -> usize {
    current_thread_index().expect("only threads of the pool call it")
}

/// All numbers are one task at first. A thread that has nothing to do steals a part.
fn add_up(pool: &ThreadPool) -> Result<()> {
    println!("{NUMBERS} numbers:");
    let done: Vec<AtomicU64> =
        repeat_with(AtomicU64::default).take(pool.current_num_threads()).collect();
    let count = |number| {
        done[this_thread()].fetch_add(1, Relaxed);
        number
    };
    let sum: u64 = pool.install(|| (0..NUMBERS).into_par_iter().map(count).sum());
    for (thread, numbers) in done.iter().enumerate() {
        println!("  thread {thread} has added ≈ {}", numbers.load(Relaxed));
    }
    println!("  their sum is {sum}");
    ensure!(sum == NUMBERS * (NUMBERS - 1) / 2, "a number is missing, or was added twice");
    Ok(())
}

/// A task that panics, and one that returns an error. Without a pool of our own, rayon uses one
/// that it starts by itself.
fn halve(half: fn(u32) -> u32) {
    println!("Without a pool of my own, ≈ {} threads:", current_num_threads());
    let halves = |numbers: [u32; 3]| -> Vec<u32> { numbers.into_par_iter().map(half).collect() };
    match catch_unwind(|| halves([2, 3, 4])) {
        Ok(halves) => println!("  half of 2, 3 and 4: {halves:?}"),
        Err(panic) => println!("  half of 2, 3 and 4: a panic: {}", panics::message(&*panic)),
    }
    println!("  half of 2, 4 and 6: {:?}", halves([2, 4, 6]));
    let results: Result<Vec<u32>, String> = [2, 3, 4].into_par_iter().map(try_half).collect();
    println!("  half of 2, 3 and 4, as a Result: {results:?}");
}

fn half(number: u32) -> u32 {
    try_half(number).unwrap_or_else(|why| panic!("{why}"))
}

fn try_half(number: u32) -> Result<u32, String> {
    if number.is_multiple_of(2) { Ok(number / 2) } else { Err(format!("{number} is odd")) }
}

#[cfg(test)]
mod tests {
    use testing::printed;

    use super::*;

    #[test]
    fn a_pool_of_one_thread_does_all_in_it() {
        let lines = printed::lines("0", || {
            let pool = pool_of(1).unwrap();
            run_tasks(&pool).unwrap();
            add_up(&pool).unwrap();
        });
        assert_eq!(lines[0], "5 tasks, 1 threads:");
        assert!(lines[1..6].iter().all(|line| line.ends_with(" thread ≈ 0")), "{lines:#?}");
        assert_eq!(lines[8], format!("  thread 0 has added ≈ {NUMBERS}"));
    }

    #[test]
    fn what_the_tasks_return_or_say_is_printed() {
        let lines = printed::lines("0", || {
            panics::silence();
            halve(|number| {
                assert!(number != 3, "it is {number}");
                number + 40
            });
        });
        let expected =
            ["  half of 2, 3 and 4: a panic: it is 3", "  half of 2, 4 and 6: [42, 44, 46]"];
        assert_eq!(lines[1..3], expected);
    }
}
