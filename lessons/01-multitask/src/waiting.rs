//! A task that computes needs a CPU; a task that waits needs none. Here all tasks may use
//! one CPU only. Compare with `cores`.

use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use common::{cpus, text};
use recorder::{Run, Team, Usage, now, record_readings};

/// How often a computing task reads the clock.
const READINGS: u64 = 500_000;
/// How often a waiting task waits, and how long each time.
const WAITS: u32 = 5;
const WAIT: Duration = Duration::from_millis(10);

pub fn run() -> Result<()> {
    let cpu = cpus::allowed()?[0];
    println!(
        "All on one CPU (CPU ≈ {cpu}). A task that computes reads the clock {READINGS} times;"
    );
    println!("one that waits does so {WAITS} times, for {} each time.\n", text::time(WAIT));
    println!("                                    voluntary  involuntary");
    println!("             wall time   CPU time    switches     switches");
    row("1 computes", 1, cpu, compute)?;
    row("2 compute", 2, cpu, compute)?;
    row("1 waits", 1, cpu, wait_often)?;
    row("100 wait", 100, cpu, wait_often)
}

/// Lets `count` tasks do the same, and prints the sum of what they used.
fn row(name: &str, count: usize, cpu: usize, activity: fn() -> Result<()>) -> Result<()> {
    let job = |_, _| {
        let before = Usage::now()?;
        activity()?;
        let used = Usage::now()? - before;
        Ok([now()?.as_nanos() as u64].into_iter().chain(used.to_words()).collect())
    };
    let (time, total) = used(&Team::fork(count, &[cpu], job)?.run()?)?;
    println!(
        "{name:11}  {:>9}  {:>9}  ≈ {:8}   ≈ {:8}",
        text::time(time),
        text::time(total.cpu),
        total.voluntary,
        total.involuntary
    );
    Ok(())
}

/// The time from the start to the end of the last task, and what all of them used.
fn used(run: &Run) -> Result<(Duration, Usage)> {
    let mut end = run.start;
    let mut total = Usage::default();
    for result in &run.results {
        let (&[finished], used) = result.split_first_chunk().context("a task reported nothing")?;
        let used = used.try_into().context("a task's usage is torn")?;
        end = end.max(Duration::from_nanos(finished));
        total += Usage::from_words(used);
    }
    Ok((end - run.start, total))
}

fn compute() -> Result<()> {
    record_readings(READINGS)?;
    Ok(())
}

fn wait_often() -> Result<()> {
    for _ in 0..WAITS {
        thread::sleep(WAIT);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_task_ends_the_time_and_all_of_them_count() {
        let results = vec![vec![400, 1, 2, 3], vec![900, 10, 20, 30], vec![500, 100, 200, 300]];
        let (time, total) = used(&Run { start: Duration::from_nanos(100), results }).unwrap();
        assert_eq!(time, Duration::from_nanos(800));
        assert_eq!(total.to_words(), [111, 222, 333]);
    }
}
