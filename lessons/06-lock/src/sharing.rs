//! False sharing: two threads count, each for itself, and slow each other down, because their
//! counters are on one cache line. Compare with `cost`, where all want the same counter.

use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use common::menu::Options;
use common::text;
use crossbeam::utils::CachePadded;
use nix::time::{ClockId, clock_gettime};

use crate::side_by_side::{Cpus, side_by_side, two_cpus};

/// Both on one cache line: aligned to their size, they never lie across the border of two.
#[derive(Default)]
#[repr(align(16))]
struct Together {
    a: AtomicU64,
    b: AtomicU64,
}

/// Each on a cache line of its own.
#[derive(Default)]
struct Apart {
    a: CachePadded<AtomicU64>,
    b: CachePadded<AtomicU64>,
}

/// A way to add 1 to a counter, again and again.
type Count = fn(&AtomicU64, u64);

fn count_shared(counter: &AtomicU64, times: u64) {
    let mut left = times;
    while left > 0 {
        counter.fetch_add(1, Relaxed);
        left -= 1;
    }
}

fn count_locally(counter: &AtomicU64, times: u64) {
    let mut mine = 0;
    while mine < times {
        mine = black_box(mine + 1);
    }
    counter.fetch_add(mine, Relaxed);
}

pub fn run(options: &Options) -> Result<()> {
    let rounds = options.number("--rounds", 1..=1_000_000)?.unwrap_or(1000);
    let (together, apart) = (Together::default(), Apart::default());
    let (together, apart) = ([&together.a, &together.b], [&*apart.a, &*apart.b]);
    println!("one after the other: the counters are {} bytes apart", distance(together));
    println!("with CachePadded: {} bytes apart", distance(apart));

    let cpus = two_cpus("counters get in each other's way")?;
    println!("two threads on two CPUs, each counts to {TIMES}, {rounds} times:");
    println!("  one after the other: {}", measure(cpus, rounds, count_shared, together)?);
    println!("  with CachePadded:    {}", measure(cpus, rounds, count_shared, apart)?);
    println!("  in a local variable: {}", measure(cpus, rounds, count_locally, together)?);
    Ok(())
}

/// From one counter to the other, in bytes.
fn distance(counters: [&AtomicU64; 2]) -> usize {
    let [a, b] = counters.map(|counter| std::ptr::from_ref(counter).addr());
    a.abs_diff(b)
}

/// How often a thread counts in one round: long enough to be measured, and so short that the two
/// nearly always run at the same time.
const TIMES: u64 = 1000;

/// Two threads count at the same time; returns how long that took, and the sums.
fn measure(cpus: Cpus, rounds: u32, count: Count, counters: [&AtomicU64; 2]) -> Result<String> {
    let step = |counter| {
        move |_| -> Result<Duration> {
            let begin = cpu_time()?;
            count(counter, TIMES);
            Ok(cpu_time()? - begin)
        }
    };
    let mut time = Duration::ZERO;
    for (first, second) in side_by_side(cpus, rounds, step(counters[0]), step(counters[1]))? {
        time += first? + second?;
    }
    let sums = counters.map(|counter| counter.swap(0, Relaxed));
    ensure!(sums == [u64::from(rounds) * TIMES; 2], "some were lost: {sums:?}");
    let each = text::nanoseconds(time.as_nanos() as f64 / sums.iter().sum::<u64>() as f64);
    Ok(format!("≈ {each} for each, sums: {} and {}", sums[0], sums[1]))
}

/// How long this thread has had a CPU. On a busy machine that is less than the time that passes.
fn cpu_time() -> Result<Duration> {
    let time = clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).context("clock_gettime")?;
    Ok(time.into())
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use testing::figures::{assert_between, times};
    use testing::test;

    use super::*;
    use crate::side_by_side::any_cpus;

    #[test]
    fn both_are_on_one_cache_line_or_each_on_its_own() {
        // The least that is usual today. More would not put what is together on two.
        const LINE: usize = 64;
        let line = |counter: &AtomicU64| std::ptr::from_ref(counter).addr() / LINE;
        for Together { a, b } in std::array::from_fn::<_, 20, _>(|_| Together::default()).iter() {
            assert_eq!((line(a), distance([a, b])), (line(b), 8));
        }
        for Apart { a, b } in std::array::from_fn::<_, 20, _>(|_| Apart::default()).iter() {
            assert!(line(a) != line(b) && distance([a, b]) >= LINE);
        }
    }

    #[test]
    fn each_counts_as_often_as_is_said() {
        for count in [count_shared, count_locally] {
            let counter = AtomicU64::new(5);
            count(&counter, 1234);
            assert_eq!(counter.into_inner(), 1239);
        }
    }

    #[test]
    fn it_is_the_cpu_time_of_the_counting_that_is_told() {
        const BUSY: Duration = Duration::from_millis(2);
        let slow: Count = |counter, times| {
            let begin = cpu_time().unwrap();
            while cpu_time().unwrap() - begin < BUSY {}
            counter.fetch_add(times, Relaxed);
        };
        let (counters, begin) = (Apart::default(), Instant::now());
        let told = measure(any_cpus(), 5, slow, [&counters.a, &counters.b]).unwrap();
        assert!(told.ends_with(" for each, sums: 5000 and 5000"), "{told}");
        // Each of two threads has at most all of the time.
        let [in_round, around] = [BUSY, begin.elapsed()].map(|time| time / TIMES as u32);
        assert_between(in_round, times(&told)[0], around);
    }

    #[test]
    fn a_thread_that_sleeps_uses_no_cpu_time() {
        const ASLEEP: Duration = Duration::from_millis(50);
        let sleep: Count = |counter, times| {
            std::thread::sleep(ASLEEP);
            counter.fetch_add(times, Relaxed);
        };
        let counters = Apart::default();
        let told = measure(any_cpus(), 1, sleep, [&counters.a, &counters.b]).unwrap();
        assert!(times(&told)[0] < (ASLEEP / TIMES as u32).as_secs_f64(), "{told}");
    }

    /// Whether another thread sees the counter before all is counted.
    fn is_seen_half_way(count: Count, times: u64) -> bool {
        let counter = AtomicU64::new(0);
        std::thread::scope(|scope| {
            scope.spawn(|| count(&counter, times));
            loop {
                let seen = counter.load(Relaxed);
                if seen > 0 {
                    return seen < times;
                }
                std::thread::yield_now();
            }
        })
    }

    #[test]
    fn the_shared_counter_counts_each_time_and_the_local_one_once() {
        // Ever more, for a machine so busy that all is counted before it is seen.
        let mut times = [100_000, 1_000_000, 10_000_000, 100_000_000].into_iter();
        assert!(times.any(|times| is_seen_half_way(count_shared, times)));
        assert!(!is_seen_half_way(count_locally, 1_000_000));
    }

    #[test]
    fn what_is_lost_is_noticed() {
        let lost: Count = |counter, times| _ = counter.fetch_add(times - 1, Relaxed);
        let counters = Apart::default();
        let error = measure(any_cpus(), 5, lost, [&counters.a, &counters.b]).unwrap_err();
        assert_eq!(error.to_string(), "some were lost: [4995, 4995]");
    }
}
