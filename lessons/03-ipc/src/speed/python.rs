//! Python's Pipe and Queue, measured by `speed.py`.

use std::time::Duration;

use anyhow::Result;
use common::python::Python;

use super::Direction;

/// A program that waits for requests.
pub const PROGRAM: &str = include_str!("../../speed.py");

/// The time for each message of this length on these CPUs.
///
/// # Errors
/// If Python does not say; what is wrong it has written itself.
pub fn measure(
    python: &mut Python,
    what: &str,
    direction: Direction,
    length: usize,
    time: Duration,
    cpus: &[usize],
) -> Result<Duration> {
    let how = match direction {
        Direction::OneWay => "one_way",
        Direction::RoundTrip => "round_trip",
    };
    let cpus: Vec<_> = cpus.iter().map(usize::to_string).collect();
    let (seconds, cpus) = (time.as_secs_f64(), cpus.join(","));
    let each = python.ask(&format!("{what} {how} {length} {seconds} {cpus}"))?;
    Ok(Duration::try_from_secs_f64(each)?)
}
