//! What several demos are given on the command line: numbers, times, CPUs.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

use anyhow::{Result, ensure};
use common::NotHere;
use common::menu::{Options, WrongUsage};
use lesson_01_multitask::cpus;

/// The number given to an option, if one was given.
///
/// # Errors
/// [`WrongUsage`] if it is not in `range`; it says what is.
pub fn number<T>(options: &Options, option: &str, range: RangeInclusive<T>) -> Result<Option<T>>
where
    T: FromStr + PartialOrd + Display,
{
    let Some(text) = options.get::<String>(option)? else { return Ok(None) };
    match text.parse() {
        Ok(number) if range.contains(&number) => Ok(Some(number)),
        _ => {
            let (from, to) = range.into_inner();
            let message =
                format!("{option}: '{text}' will not do: give a number from {from} to {to}");
            Err(WrongUsage(message).into())
        }
    }
}

/// The time that `--duration` gives in seconds, or `usual`.
///
/// # Errors
/// [`WrongUsage`] if it is no number, too short to see anything, or too long.
pub fn duration(options: &Options, usual: Duration) -> Result<Duration> {
    let seconds = number(options, "--duration", 0.02..=10.0)?;
    Ok(seconds.map_or(usual, Duration::from_secs_f64))
}

/// The CPUs that this process may use, or as many of them as `--cpus` says.
///
/// # Errors
/// [`WrongUsage`] if that is no number, [`NotHere`] if there are not so many.
pub fn cpus(options: &Options) -> Result<Vec<usize>> {
    let mut cpus = cpus::allowed()?;
    if let Some(wanted) = number(options, "--cpus", 1..=1024)? {
        let there_are = format!("CPUs that this process may use: {}, not {wanted}", cpus.len());
        ensure!(wanted <= cpus.len(), NotHere(there_are));
        cpus.truncate(wanted);
    }
    Ok(cpus)
}

/// So many of a thing: `1 task`, `2 tasks`.
pub fn count(number: usize, thing: &str) -> String {
    format!("{number} {thing}{}", if number == 1 { "" } else { "s" })
}
