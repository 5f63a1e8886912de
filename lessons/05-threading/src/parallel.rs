//! The same computation on one thread, on two, and so on: how much CPU time each thread
//! uses, on which CPUs, and how long it takes. Compare with `parallel.py`.

use std::collections::BTreeSet;
use std::iter::successors;
use std::ops::Range;
use std::thread::{self, ScopedJoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use common::{cpus, text};
use nix::sched::sched_getcpu;
use nix::time::{ClockId, clock_gettime};
use nix::unistd::{Pid, gettid};

/// `threads` is the largest number of threads; by default, one for each CPU.
pub fn run(threads: Option<usize>, steps: u32) -> Result<()> {
    let allowed = cpus::allowed()?;
    println!("CPUs that this process may use: ≈ {}", cpus::list(&allowed));
    let most = threads.unwrap_or(allowed.len());
    for count in successors(Some(1), |&n| (n < most).then(|| most.min(2 * n))) {
        compute(count, steps)?;
    }
    Ok(())
}

/// Splits the steps evenly among `count` threads.
fn compute(count: usize, steps: u32) -> Result<()> {
    let (start, before) = (Instant::now(), process_time()?);
    let bound = |number: usize| (u64::from(steps) * number as u64 / count as u64) as u32;
    let parts = thread::scope(|scope| {
        let mut threads = Vec::new();
        for number in 0..count {
            let range = bound(number)..bound(number + 1);
            let thread = thread::Builder::new().name(format!("part {number}"));
            let thread = thread.spawn_scoped(scope, move || compute_part(range, steps));
            threads.push(thread.context("start a thread")?);
        }
        // All of them have started before the first join: they run at the same time.
        let join = |thread: ScopedJoinHandle<_>| thread.join().ok().context("join: it panicked")?;
        threads.into_iter().map(join).collect::<Result<Vec<_>>>()
    })?;
    let (time, total) = (start.elapsed(), process_time()? - before);

    let threads = if count == 1 { "thread" } else { "threads" };
    println!("{count} {threads}: {:.4}", parts.iter().map(|part| part.sum).sum::<f64>());
    for Part { tid, used, cpus, .. } in parts {
        let cpus = cpus::list(&cpus.into_iter().collect::<Vec<_>>());
        println!("  tid {tid} used {} of CPU time, on CPU ≈ {cpus}", text::time(used));
    }
    let at_once = total.div_duration_f64(time);
    let [total, time] = [total, time].map(text::time);
    println!("  together {total} of CPU time in {time}: ≈ {at_once:.2} CPUs at a time");
    Ok(())
}

/// The result of a thread, and what it took to compute.
struct Part {
    tid: Pid,
    sum: f64,
    used: Duration,
    cpus: BTreeSet<usize>,
}

/// A part of the area under a curve, which is π as a whole.
fn compute_part(range: Range<u32>, steps: u32) -> Result<Part> {
    let width = 1.0 / f64::from(steps);
    let (mut sum, mut cpus) = (0.0, BTreeSet::new());
    for step in range {
        if cpus.is_empty() || step % 4096 == 0 {
            cpus.insert(sched_getcpu().context("getcpu")?);
        }
        let x = (f64::from(step) + 0.5) * width;
        sum += width * 4.0 / (1.0 + x * x);
    }
    let used = clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).context("clock_gettime")?;
    Ok(Part { tid: gettid(), sum, used: used.into(), cpus })
}

/// The CPU time that all threads of this process have used, even those that have ended.
fn process_time() -> Result<Duration> {
    let used = clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID).context("clock_gettime")?;
    Ok(used.into())
}

#[cfg(test)]
mod tests {
    use testing::printed;

    use super::*;

    #[test]
    fn the_area_is_that_of_the_steps() {
        let part = |range| compute_part(range, 4).unwrap().sum;
        assert!((part(0..2) + part(2..4) - part(0..4)).abs() < 1e-9 && part(0..2) > part(2..4));
        // With one step it is that of a rectangle, and not yet π.
        let lines = printed::lines("0", || {
            compute(1, 1).unwrap();
            compute(2, 2).unwrap();
        });
        assert_eq!((&*lines[0], &*lines[3]), ("1 thread: 3.2000", "2 threads: 3.1624"));
    }
}
