//! A task that computes needs a CPU; a task that waits needs none. Here all of
//! them may use the same CPU, and no other. Compare with `cores`.

use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use common::{cpus, text};
use recorder::team::Team;
use recorder::usage::Usage;
use recorder::{now, record_readings};

/// A computing task reads the clock so often.
const READINGS: u64 = 500_000;
/// A waiting task waits so often, for so long.
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

/// Lets so many tasks do the same, and sums up what they took.
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
        let (&finished, used) = result.split_first().context("a task told nothing")?;
        end = end.max(Duration::from_nanos(finished));
        total += Usage::from_words(used)?;
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
    record_readings(READINGS).map(drop)
}

fn wait_often() -> Result<()> {
    (0..WAITS).for_each(|_| thread::sleep(WAIT));
    Ok(())
}
