//! A task that computes needs a CPU; a task that waits needs none. Here all tasks may use
//! one CPU only. Compare with `cores`.

use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use common::{cpus, text};
use recorder::{Team, Usage, now, record_readings};

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
    let run = Team::fork(count, &[cpu], job)?.run()?;

    let mut end = run.start;
    let mut total = Usage::default();
    for result in &run.results {
        let (&[finished], used) = result.split_first_chunk().context("a task reported nothing")?;
        let used = used.try_into().context("a task's usage is torn")?;
        end = end.max(Duration::from_nanos(finished));
        total += Usage::from_words(used);
    }
    println!(
        "{name:11}  {:>9}  {:>9}  ≈ {:8}   ≈ {:8}",
        text::time(end - run.start),
        text::time(total.cpu),
        total.voluntary,
        total.involuntary
    );
    Ok(())
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
