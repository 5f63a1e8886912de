//! What several demos are given on the command line, and how they say it.

use std::time::Duration;

use anyhow::{Result, ensure};
use common::menu::Options;
use common::{Unsupported, cpus};

/// The time that `--duration` gives in seconds, or `usual`.
///
/// # Errors
/// Wrong usage if it is no number, too short to see anything, or too long.
pub fn duration(options: &Options, usual: Duration) -> Result<Duration> {
    let seconds = options.number("--duration", 0.02..=10.0)?;
    Ok(seconds.map_or(usual, Duration::from_secs_f64))
}

/// The CPUs that this process may use, or as many of them as `--cpus` says.
///
/// # Errors
/// Wrong usage if that is no number, [`Unsupported`] if there are not so many.
pub fn cpus(options: &Options) -> Result<Vec<usize>> {
    let mut cpus = cpus::allowed()?;
    if let Some(wanted) = options.number("--cpus", 1..=1024)? {
        let there_are = format!("CPUs that this process may use: {}, not {wanted}", cpus.len());
        ensure!(wanted <= cpus.len(), Unsupported(there_are));
        cpus.truncate(wanted);
    }
    Ok(cpus)
}

/// So many of a thing: `1 task`, `2 tasks`.
pub fn count(number: usize, thing: &str) -> String {
    format!("{number} {thing}{}", if number == 1 { "" } else { "s" })
}
