//! Options that several demos share, and how a demo prints a number of things.

use std::time::Duration;

use anyhow::{Result, ensure};
use common::menu::Options;
use common::{Unsupported, cpus};

/// The value of `--duration`, in seconds, or `usual`.
///
/// # Errors
/// Wrong usage if it is not a number, too short to see anything, or too long.
pub fn duration(options: &Options, usual: Duration) -> Result<Duration> {
    let seconds = options.number("--duration", 0.02..=10.0)?;
    Ok(seconds.map_or(usual, Duration::from_secs_f64))
}

/// The CPUs that this process may use, or as many of them as `--cpus` says.
///
/// # Errors
/// Wrong usage if that is not a number, [`Unsupported`] if there are fewer.
pub fn cpus(options: &Options) -> Result<Vec<usize>> {
    let mut cpus = cpus::allowed()?;
    if let Some(wanted) = options.number("--cpus", 1..=1024)? {
        let there_are = format!("CPUs that this process may use: {}, not {wanted}", cpus.len());
        ensure!(wanted <= cpus.len(), Unsupported(there_are));
        cpus.truncate(wanted);
    }
    Ok(cpus)
}

/// A number of things: `1 task`, `2 tasks`.
pub fn count(number: usize, thing: &str) -> String {
    format!("{number} {thing}{}", if number == 1 { "" } else { "s" })
}
