//! Runs a demo, and asks the kernel what all its processes used together. A demo
//! that only prints uses next to nothing.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use nix::sys::resource::{UsageWho, getrusage};
use testing::{figures, start};

/// What a demo printed, and what it used.
#[allow(dead_code)] // Not every test program looks at all of it.
#[derive(Debug)]
pub struct Counted {
    pub lines: Vec<String>,
    pub cpu: Duration,
    pub voluntary: u64,
    pub involuntary: u64,
}

/// Runs the lesson. The kernel adds up what ended children used, so one at a time.
pub fn run(arguments: &[&str]) -> Counted {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let guard = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let before = used();
    let output =
        start::command(env!("CARGO_BIN_EXE_01-multitask")).args(arguments).output().unwrap();
    let after = used();
    drop(guard);

    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && errors.is_empty(), "{arguments:?}: {errors}");
    let lines = String::from_utf8(output.stdout).unwrap();
    Counted {
        lines: lines.lines().map(str::to_owned).collect(),
        cpu: after.0 - before.0,
        voluntary: after.1 - before.1,
        involuntary: after.2 - before.2,
    }
}

fn used() -> (Duration, u64, u64) {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).unwrap();
    let times = [usage.user_time(), usage.system_time()];
    let micros = times.map(|time| (time.tv_sec() * 1_000_000 + time.tv_usec()) as u64);
    let voluntary = usage.voluntary_context_switches() as u64;
    let involuntary = usage.involuntary_context_switches() as u64;
    (Duration::from_micros(micros.iter().sum()), voluntary, involuntary)
}

/// The numbers in a line, in order, without those in parentheses.
pub fn numbers(line: &str) -> Vec<f64> {
    line.split_whitespace().filter_map(|word| word.trim_end_matches(',').parse().ok()).collect()
}

/// The times in a line, in order.
pub fn times(line: &str) -> Vec<Duration> {
    figures::times(line).into_iter().map(Duration::from_secs_f64).collect()
}
