//! The cost of a fork grows with the memory that the parent uses. None of that memory is
//! copied, but the tables that say where its pages are. The other ways to start a process do
//! not copy them.

mod memory;
mod starts;

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use common::picture::Plot;
use common::{Unsupported, text};
use nix::sys::prctl::set_thp_disable;
use starts::WAYS;

/// How much memory is in use, in MiB.
const SIZES: [usize; 6] = [1, 4, 16, 64, 256, 1024];

/// A row of the table: the MiB in use, and the median time of each way.
struct Row {
    mib: usize,
    times: [Duration; 4],
}

/// `most` limits the sizes, in MiB; without it the machine does.
pub fn run(most: Option<usize>, picture: Option<&Path>) -> Result<()> {
    // Half of what is free: other programs want some too.
    let room = (memory::available()? >> 21) as usize;
    let wanted = most.unwrap_or(usize::MAX).min(SIZES[SIZES.len() - 1]);
    ensure!(
        wanted <= room || most.is_none(),
        Unsupported(format!("{wanted} MiB is more than half of the memory that is free here"))
    );
    println!("Times to start a process or a thread, while so much memory is in use:");
    print!("{:>8}  {:>13}", "memory", "page tables");
    WAYS.iter().for_each(|way| print!("  {:>8}", way.name));
    println!();

    // Huge pages would need fewer tables, and not every machine has them.
    set_thp_disable(true).context("prctl(PR_SET_THP_DISABLE)")?;
    let mut in_use = Vec::new();
    let mut rows = Vec::new();
    let mut before = 0;
    for mib in SIZES.into_iter().take_while(|&mib| mib <= wanted.min(room.max(1))) {
        let memory = memory::in_use((mib - before) << 20);
        in_use.push(memory.with_context(|| format!("use {mib} MiB (try a smaller --most)"))?);
        before = mib;
        let times = measure()?;
        print!("{mib:>4} MiB  {:>13}", format!("≈ {} pages", memory::page_table_pages()?));
        times.iter().for_each(|&time| print!("  {:>8}", text::time(time)));
        println!();
        rows.push(Row { mib, times });
    }
    compare(&rows);

    if let Some(path) = picture {
        std::fs::write(path, draw(&rows)).with_context(|| format!("write {}", path.display()))?;
    }
    Ok(())
}

/// The median time of each way.
fn measure() -> Result<[Duration; 4]> {
    let mut medians = [Duration::ZERO; 4];
    for (way, median) in WAYS.iter().zip(&mut medians) {
        let start = Instant::now();
        let mut times = Vec::new();
        while times.len() < 9 || (times.len() < 51 && start.elapsed().as_millis() < 10) {
            times.push((way.start)()?);
        }
        *median = median_of(times);
    }
    Ok(medians)
}

/// As many of the times are longer as are shorter; of two in the middle it takes the longer.
fn median_of(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// How much longer it took with the most memory than with the least.
fn compare(rows: &[Row]) {
    let [first, .., last] = rows else { return };
    println!("With {} MiB, compared with {} MiB:", last.mib, first.mib);
    for ((way, last), first) in WAYS.iter().zip(last.times).zip(first.times) {
        println!("  {:8}  ≈ {:.1} times as long", way.name, last.div_duration_f64(first));
    }
}

fn draw(rows: &[Row]) -> String {
    let sizes: Vec<_> =
        rows.iter().map(|row| (row.mib as f64, format!("{} MiB", row.mib))).collect();
    let times = |number: usize| rows.iter().map(|row| row.times[number]).collect();
    let lines: Vec<_> = WAYS.iter().enumerate().map(|(n, way)| (way.name, times(n))).collect();
    let title = "Time to start a process or a thread";
    Plot { title, sizes: "memory in use", x: &sizes, lines: &lines }.draw()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        let median = |times: &[u64]| {
            median_of(times.iter().map(|&n| Duration::from_nanos(n)).collect()).as_nanos()
        };
        assert_eq!(median(&[7]), 7);
        assert_eq!(median(&[9, 1, 1000, 2, 8]), 8);
        assert_eq!(median(&[4, 1, 3, 2]), 3);
    }
}
