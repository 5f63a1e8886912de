//! Two threads do the same work without a lock, inside a lock, and with as little as
//! possible inside. What is done inside is not done at the same time. Compare with
//! `balance`, which goes wrong without the lock.

use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use common::menu::Options;
use common::text;
use lesson_06_lock::inside::Inside;

/// What the two threads share.
#[derive(Default)]
struct Shared {
    free_sum: AtomicUsize,
    sum: Mutex<usize>,
    inside: Inside,
}

type Work = fn(&Shared, Range<usize>);

fn without_a_lock(shared: &Shared, range: Range<usize>) {
    let _visit = shared.inside.enter();
    shared.free_sum.fetch_add(primes(range), Relaxed);
}

fn all_inside(shared: &Shared, range: Range<usize>) {
    let mut sum = shared.sum.lock().expect(NO_PANIC);
    let _visit = shared.inside.enter();
    *sum += primes(range);
}

fn only_the_sum_inside(shared: &Shared, range: Range<usize>) {
    let found = primes(range);
    let mut sum = shared.sum.lock().expect(NO_PANIC);
    let _visit = shared.inside.enter();
    *sum += found;
}

const NO_PANIC: &str = "no thread panics while it holds the lock";

pub fn run(options: &Options) -> Result<()> {
    let below = options.number("--below", 50_000..=100_000_000)?.unwrap_or(100_000);
    println!("two threads count the primes below {below}:");
    let mut free = run_threads(without_a_lock, below)?;
    // On a busy machine one thread may end before the other begins.
    while free.most_inside < 2 {
        free = run_threads(without_a_lock, below)?;
    }
    print("without a lock", &free, &free);
    print("all inside a lock", &run_threads(all_inside, below)?, &free);
    print("only the sum inside", &run_threads(only_the_sum_inside, below)?, &free);
    Ok(())
}

fn print(name: &str, run: &Run, free: &Run) {
    let Run { primes, time, most_inside } = run;
    let ratio = time.div_duration_f64(free.time);
    let time = text::time(*time);
    println!("  {name:19} {primes} in {time}, most inside: {most_inside}, ≈ {ratio:.1} times");
}

/// What came of it.
struct Run {
    primes: usize,
    time: Duration,
    most_inside: usize,
}

/// Two threads do the work in 100 pieces, each every other one.
fn run_threads(work: Work, below: usize) -> Result<Run> {
    let shared = Shared::default();
    let begin = Instant::now();
    thread::scope(|scope| -> Result<()> {
        for first in 0..2 {
            let pieces = (first..100).step_by(2);
            let ranges = pieces.map(move |n| below * n / 100..below * (n + 1) / 100);
            let counter = thread::Builder::new().name("counter".to_owned());
            let counter =
                counter.spawn_scoped(scope, || ranges.for_each(|range| work(&shared, range)));
            counter.context("start a thread")?;
        }
        Ok(())
    })?;
    let time = begin.elapsed();
    let primes = shared.free_sum.into_inner() + shared.sum.into_inner().expect(NO_PANIC);
    Ok(Run { primes, time, most_inside: shared.inside.most() })
}

/// How many primes there are in a range: the work.
fn primes(range: Range<usize>) -> usize {
    let divisors = |n: usize| (2..n).take_while(move |d| d * d <= n);
    let is_prime = |n: &usize| *n >= 2 && divisors(*n).all(|d| !n.is_multiple_of(d));
    range.filter(is_prime).count()
}
