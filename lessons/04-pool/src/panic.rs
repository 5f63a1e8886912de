//! A task panics. The crate threadpool loses its result silently; each of its traps has a
//! remedy. In the pool of processes, the panic is the task's result.

use std::panic::catch_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::time::Duration;

use anyhow::Result;
use common::{paced, panics, text};
use crossbeam::channel::{RecvTimeoutError, unbounded};
use process_pool::{Function, ProcessPool};
use threadpool::ThreadPool;

use crate::TASKS;

/// Halves an even number, and panics on an odd one.
pub static HALF: Function<u32, u32> = Function::new("half", half);

fn half(number: u32) -> u32 {
    assert!(number.is_multiple_of(2), "{number} is odd");
    number / 2
}

pub fn run() -> Result<()> {
    panics::silence();
    wait_for_a_lost_result(half);
    take_what_comes(half);
    drop_a_pool(Arc::new(AtomicUsize::new(0)));

    println!("ProcessPool: the panic is the result of its task:");
    let pool = ProcessPool::with_workers(TASKS, 2)?;
    for (number, result) in [2, 3, 4].into_iter().zip(pool.map(&HALF, [2, 3, 4], Some(1))?) {
        match result {
            Ok(half) => println!("  half of {number} is {half}"),
            Err(why) => println!("  half of {number}: {why}"),
        }
    }
    Ok(())
}

/// A trap: the main thread expects three results, and only two come.
fn wait_for_a_lost_result(half: fn(u32) -> u32) {
    println!("threadpool, waiting for as many results as there are tasks:");
    let pool = ThreadPool::new(2);
    let (tx, rx) = unbounded();
    for number in [2, 3, 4] {
        let tx = tx.clone();
        pool.execute(move || tx.send(half(number)).expect("the main thread waits"));
    }
    pool.join();
    let time = paced(Duration::from_secs(1));
    let came = std::iter::from_fn(|| rx.recv_timeout(time).ok()).count();
    // `tx` is still here, so the end of the channel does not come either.
    let hangs = rx.recv_timeout(Duration::ZERO) == Err(RecvTimeoutError::Timeout);
    println!("  {came} of 3 came; after {} more the third has not: {hangs}", text::time(time));
    println!("  panics that the pool counted: {}", pool.panic_count());
}

/// The remedy: catch the panic and send it, and wait for the end of the channel.
fn take_what_comes(half: fn(u32) -> u32) {
    println!("threadpool, with the panic caught in the task:");
    let pool = ThreadPool::new(2);
    let (tx, rx) = unbounded();
    for number in [2, 3, 4] {
        let tx = tx.clone();
        pool.execute(move || {
            let result =
                catch_unwind(|| half(number)).map_err(|panic| match panic.downcast::<String>() {
                    Ok(message) => *message,
                    Err(_) => "a panic without a message".to_owned(),
                });
            tx.send((number, result)).expect("the main thread waits");
        });
    }
    drop(tx);
    let mut results: Vec<_> = rx.iter().collect();
    results.sort_unstable();
    for (number, result) in results {
        match result {
            Ok(half) => println!("  half of {number} is {half}"),
            Err(why) => println!("  half of {number}: it panicked: {why}"),
        }
    }
}

/// Another trap: dropping the pool does not wait for its tasks.
fn drop_a_pool(done: Arc<AtomicUsize>) {
    println!("threadpool, dropped and not joined:");
    let dropped = Arc::new(Barrier::new(2));
    let pool = ThreadPool::new(1);
    let first = dropped.clone();
    pool.execute(move || {
        first.wait();
    });
    for _ in 0..20 {
        let done = done.clone();
        pool.execute(move || {
            done.fetch_add(1, Ordering::SeqCst);
        });
    }
    drop(pool);
    println!(
        "  {} of 20 tasks are done, and the program could end here",
        done.load(Ordering::SeqCst)
    );
    dropped.wait();
}

#[cfg(test)]
mod tests {
    use testing::printed;

    use super::*;

    #[test]
    fn what_each_task_returns_or_says_is_told_or_lost() {
        let lines = printed::lines("0", || {
            panics::silence();
            wait_for_a_lost_result(|number| {
                assert_eq!(number, 3);
                number
            });
            take_what_comes(|number| {
                assert!(number < 4, "it is {number}");
                number + 40
            });
        });
        assert_eq!(
            lines[1..],
            [
                "  1 of 3 came; after 0.00 ns more the third has not: true",
                "  panics that the pool counted: 2",
                "threadpool, with the panic caught in the task:",
                "  half of 2 is 42",
                "  half of 3 is 43",
                "  half of 4: it panicked: it is 4",
            ]
        );
    }

    #[test]
    fn only_tasks_that_are_done_are_counted() {
        let lines = printed::lines("0", || drop_a_pool(Arc::new(AtomicUsize::new(7))));
        assert_eq!(lines[1], "  7 of 20 tasks are done, and the program could end here");
    }
}
