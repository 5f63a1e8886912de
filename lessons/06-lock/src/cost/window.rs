//! How often threads do something in a window of time, all at once.

use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicU8, AtomicUsize};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use common::cpus;
use crossbeam::utils::CachePadded;
use nix::unistd::Pid;

/// How often a thread does it before it checks whether the window is over.
const BATCH: u64 = 100;

/// The states of the window.
const WAIT: u8 = 0;
const RUN: u8 = 1;
const STOP: u8 = 2;

/// What all threads did together.
pub struct Count {
    /// How often they did it.
    pub done: u64,
    /// What came out, added up.
    pub sum: u64,
    /// The nanoseconds for one time: half as many when two threads do twice as much.
    pub nanoseconds: f64,
}

/// A thread on each CPU repeats `once` for `time`; all start together.
pub fn count(cpus: &[usize], time: Duration, once: impl Fn() -> u64 + Sync) -> Result<Count> {
    // On a cache line of its own: otherwise each change beside it would slow down the reads.
    let state = CachePadded::new(AtomicU8::new(WAIT));
    let ready = AtomicUsize::new(0);
    let work = |cpu| {
        let pinned = cpus::pin(Pid::from_raw(0), &[cpu]);
        ready.fetch_add(1, AcqRel);
        while state.load(Acquire) == WAIT {
            thread::yield_now();
        }
        let start = Instant::now();
        let (mut done, mut sum) = (0, 0);
        // At least once: on a busy machine the window may be over by now.
        loop {
            (0..BATCH).for_each(|_| sum += once());
            done += BATCH;
            if state.load(Relaxed) != RUN {
                break;
            }
        }
        let elapsed = start.elapsed();
        pinned.map(|()| (done, sum, elapsed))
    };

    let results = thread::scope(|scope| {
        let start = |&cpu: &usize| {
            let thread = thread::Builder::new().name(format!("on cpu {cpu}"));
            thread.spawn_scoped(scope, move || work(cpu)).context("start a thread")
        };
        let threads: Vec<_> = cpus.iter().map(start).collect();
        if threads.iter().all(Result::is_ok) {
            while ready.load(Acquire) < threads.len() {
                thread::yield_now();
            }
            state.store(RUN, Release);
            thread::sleep(time);
        }
        state.store(STOP, Release);
        let end = |thread: Result<thread::ScopedJoinHandle<_>>| {
            Ok(thread?.join().ok().context("join: the thread panicked")??)
        };
        threads.into_iter().map(end).collect::<Result<Vec<_>>>()
    })?;

    let rate = |(done, _, elapsed): &(u64, u64, Duration)| *done as f64 / elapsed.as_nanos() as f64;
    Ok(Count {
        done: results.iter().map(|(done, ..)| done).sum(),
        sum: results.iter().map(|(_, sum, _)| sum).sum(),
        nanoseconds: 1.0 / results.iter().map(rate).sum::<f64>(),
    })
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU64;

    use testing::test;

    use super::*;

    /// Checks a window, and returns whether it has lasted as long as it was to, for each thread.
    fn lasts(cpus: &[usize], time: Duration) -> bool {
        let begin = Instant::now();
        let called = AtomicU64::new(0);
        let once = || {
            called.fetch_add(1, Relaxed);
            3
        };
        let Count { done, sum, nanoseconds } = count(cpus, time, once).unwrap();
        let around = begin.elapsed().as_nanos() as f64;
        assert_eq!((done, sum), (called.into_inner(), 3 * done));
        // All threads at the same time: for the whole of them it is a time, not a sum of times.
        let together = nanoseconds * done as f64;
        assert!(together <= 1.01 * around, "{together} ns in {around}");
        together >= 0.99 * time.as_nanos() as f64
    }

    #[test]
    fn the_time_for_one_is_that_of_the_window_by_how_often_it_was_done() {
        let cpus = cpus::allowed().unwrap();
        // On a busy machine a thread may come when the window is nearly over.
        for cpus in [&cpus[..1], &cpus] {
            let mut times = [2, 2, 20, 20, 200, 200, 2000].map(Duration::from_millis).into_iter();
            assert!(times.any(|time| lasts(cpus, time)), "on {cpus:?}");
        }
    }
}
