//! What recordings show: lengths, shares, overlaps. Plain functions of slices; those of
//! one task are in order and do not overlap each other.

use std::time::Duration;

use crate::poll::GAP;
use crate::{Recording, Slice};

/// The slices of tasks that were recorded together.
///
/// A short pause between two stretches is an interrupt, and does not end a slice,
/// unless another of the tasks ran on that CPU during the pause.
pub fn of_recordings(recordings: &[Recording]) -> Vec<Vec<Slice>> {
    let stretches = recordings.iter().map(|recording| recording.stretches.as_slice());
    of_tasks(&stretches.collect::<Vec<_>>())
}

/// As [`of_recordings`], from the stretches of each task.
fn of_tasks(tasks: &[&[Slice]]) -> Vec<Vec<Slice>> {
    let ran = |cpu: usize, start: Duration, end: Duration| {
        tasks.iter().any(|stretches| {
            let first = stretches.partition_point(|stretch| stretch.end <= start);
            stretches[first..].iter().take_while(|it| it.start < end).any(|it| it.cpu == cpu)
        })
    };
    let is_interrupt = |a: &Slice, b: &Slice| {
        a.cpu == b.cpu && b.start - a.end <= GAP && !ran(a.cpu, a.end, b.start)
    };
    let slices_of = |stretches: &&[Slice]| {
        let runs = stretches.chunk_by(is_interrupt);
        runs.map(|run| Slice { end: run[run.len() - 1].end, ..run[0] }).collect()
    };
    tasks.iter().map(slices_of).collect()
}

/// The median length of the slices; zero if there are none.
pub fn median<'a>(slices: impl IntoIterator<Item = &'a Slice>) -> Duration {
    let mut lengths: Vec<_> = slices.into_iter().map(|slice| slice.end - slice.start).collect();
    lengths.sort_unstable();
    let upper = lengths.len() / 2;
    match lengths.len() {
        0 => Duration::ZERO,
        n if n % 2 == 1 => lengths[upper],
        _ => (lengths[upper - 1] + lengths[upper]) / 2,
    }
}

/// How long two tasks ran at the same time.
fn overlap(mut a: &[Slice], mut b: &[Slice]) -> Duration {
    let mut total = Duration::ZERO;
    while let ([first_a, rest_a @ ..], [first_b, rest_b @ ..]) = (a, b) {
        total += common_time(first_a, first_b.start, first_b.end);
        // The slice that ends first cannot meet any later one.
        if first_a.end <= first_b.end { a = rest_a } else { b = rest_b }
    }
    total
}

/// How long any two of the tasks ran at the same time.
pub fn overlap_of_any(tasks: &[&[Slice]]) -> Duration {
    let pairs = tasks.iter().enumerate().flat_map(|(i, a)| tasks[..i].iter().map(move |b| (a, b)));
    pairs.map(|(a, b)| overlap(a, b)).sum()
}

/// The most tasks that ran at the same instant.
pub fn most_at_once(tasks: &[&[Slice]]) -> usize {
    let slices = tasks.iter().copied().flatten();
    let mut changes: Vec<_> = slices.flat_map(|s| [(s.start, 1), (s.end, -1)]).collect();
    // Of two changes at one instant the end comes first.
    changes.sort_unstable();
    let mut running = 0_isize;
    changes.iter().map(|(_, change)| (running += change, running).1).max().unwrap_or(0) as usize
}

/// The share of the time from `start` to `end` in which the task ran: 0 to 1.
pub fn share(slices: &[Slice], start: Duration, end: Duration) -> f64 {
    let running: Duration = slices.iter().map(|slice| common_time(slice, start, end)).sum();
    running.div_duration_f64(end - start)
}

/// Divides the time from `start` to `end` into columns of equal length, and returns the
/// share of each in which the task ran.
pub(crate) fn columns(
    slices: &[Slice],
    start: Duration,
    end: Duration,
    columns: usize,
) -> Vec<f64> {
    let edge = |column| start + (end - start).mul_f64(column as f64 / columns as f64);
    (0..columns).map(|column| share(slices, edge(column), edge(column + 1))).collect()
}

/// The CPUs on which the task ran, in ascending order.
pub fn cpus(slices: &[Slice]) -> Vec<usize> {
    let mut cpus: Vec<_> = slices.iter().map(|slice| slice.cpu).collect();
    cpus.sort_unstable();
    cpus.dedup();
    cpus
}

fn common_time(slice: &Slice, start: Duration, end: Duration) -> Duration {
    slice.end.min(end).saturating_sub(slice.start.max(start))
}

#[cfg(test)]
mod tests;
