//! The same work for one task, for two on two CPUs, and so on; and then for more
//! tasks than there are CPUs. Compare with `tasks`, where the time is fixed.

use std::iter::successors;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use common::menu::Options;
use common::text;
use recorder::{Lane, Picture, Slice, Team, record_readings, slices, timeline};

use crate::options::{self, count};

/// How many tasks of a run are drawn. The others are only counted.
const DRAWN: usize = 8;

pub fn run(options: &Options) -> Result<()> {
    let cpus = options::cpus(options)?;
    let readings = options.number("--readings", 10_000..=100_000_000)?.unwrap_or(1_000_000);
    let picture: Option<PathBuf> = options.get("--svg")?;

    println!("The work: {readings} readings of the clock, split among the tasks.");
    let doubled = successors(Some(1), |&n| (n < cpus.len()).then(|| cpus.len().min(2 * n)));
    let runs = doubled.map(|n| (n, n)).chain([(2 * cpus.len(), cpus.len())]);
    let runs = runs.map(|(tasks, n)| split(readings, tasks, &cpus[..n]));
    let runs = runs.collect::<Result<Vec<_>>>()?;

    let longest = runs.iter().map(Work::time).max().unwrap_or_default();
    for run in &runs {
        print_run(run, runs[0].time(), longest);
    }
    if let Some(path) = picture {
        let svg = draw(&runs, longest);
        std::fs::write(&path, svg).with_context(|| format!("write {}", path.display()))?;
    }
    Ok(())
}

/// The work, done by several tasks.
struct Work {
    cpus: usize,
    start: Duration,
    tasks: Vec<Vec<Slice>>,
}

impl Work {
    /// From the start to the end of the last task.
    fn time(&self) -> Duration {
        let ends = self.tasks.iter().flatten().map(|slice| slice.end);
        ends.max().unwrap_or(self.start) - self.start
    }
}

/// Splits the work evenly among `tasks` tasks.
fn split(readings: u64, tasks: usize, cpus: &[usize]) -> Result<Work> {
    let part = readings / tasks as u64;
    let team = Team::fork(tasks, cpus, |_, _| Ok(record_readings(part)?.to_words()))?;
    let run = team.run()?;
    let tasks = slices::of_recordings(&run.recordings()?);
    Ok(Work { cpus: cpus.len(), start: run.start, tasks })
}

fn print_run(run: &Work, one_task: Duration, longest: Duration) {
    let time = run.time();
    let faster = one_task.div_duration_f64(time);
    let (tasks, cpus) = (count(run.tasks.len(), "task"), count(run.cpus, "CPU"));
    println!("\n{tasks} on {cpus}: {}, ≈ {faster:.2} times as fast as one task", text::time(time));
    let width = text::width().saturating_sub(10).max(8);
    for (number, task) in (1..).zip(&run.tasks).take(DRAWN) {
        let bar = timeline::bar(task, run.start, run.start + longest, width);
        println!("task {number:2}   {bar}");
    }
    if let more @ 1.. = run.tasks.len().saturating_sub(DRAWN) {
        println!("and {more} more");
    }
}

fn draw(runs: &[Work], length: Duration) -> String {
    let names: Vec<_> = runs.iter().map(|run| count(run.tasks.len(), "task")).collect();
    let lanes = runs.iter().enumerate().flat_map(|(colour, run)| {
        let names = [names[colour].as_str()].into_iter().chain(std::iter::repeat(""));
        let start = run.start;
        names.zip(&run.tasks).map(move |(name, slices)| Lane { name, colour, start, slices })
    });
    let picture = Picture {
        title: "The same work, for more and more tasks",
        about: &format!("Lanes for each of {}: coloured while a task runs.", names.join(", ")),
        lanes: lanes.collect(),
        length,
        rules: &[],
    };
    picture.draw()
}
