//! The cost of a fork grows with the memory that the parent uses. None of that memory is
//! copied, but the tables that say where its pages are. The other ways to start a process do
//! not copy them.

pub mod memory;
pub mod starts;

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use common::picture::Plot;
use common::text;
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
    let room = memory::room()?;
    if let Some(most) = most {
        memory::ensure_room(most)?;
    }
    let wanted = most.unwrap_or(usize::MAX).min(SIZES[SIZES.len() - 1]);
    println!("Times to start a process or a thread, while so much memory is in use:");
    print!("{:>8}  {:>13}", "memory", "page tables");
    WAYS.iter().for_each(|way| print!("  {:>8}", way.name));
    println!();

    // With huge pages there are fewer entries to copy: see `huge-pages`.
    set_thp_disable(true).context("prctl(PR_SET_THP_DISABLE)")?;
    let mut in_use = Vec::new();
    let mut rows = Vec::new();
    let mut before = 0;
    for mib in SIZES.into_iter().take_while(|&mib| mib <= wanted.min(room.max(1))) {
        let memory = memory::in_use((mib - before) << 20);
        in_use.push(memory.with_context(|| format!("use {mib} MiB (try a smaller --most)"))?);
        before = mib;
        let mut times = [Duration::ZERO; 4];
        for (way, time) in WAYS.iter().zip(&mut times) {
            *time = way.median()?;
        }
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
