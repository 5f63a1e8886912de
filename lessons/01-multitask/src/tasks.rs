//! Three tasks on one CPU take turns, and many tasks rotate over all CPUs.
//! A task is a process. Compare with `notes.py`, the first part in Python.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use common::menu::Options;
use common::{cpus, text};
use nix::unistd::getpid;
use recorder::{Lane, Picture, Slice, Team, record_until, slices, timeline};

use crate::options::{self, count};

pub fn run(options: &Options) -> Result<()> {
    let duration = options::duration(options, Duration::from_millis(200))?;
    let tasks = options.number("--tasks", 1..=500)?;
    let picture: Option<PathBuf> = options.get("--svg")?;
    let cpus = options::cpus(options)?;

    on_one_cpu(cpus[0], duration, picture.as_deref())?;
    println!();
    on_all_cpus(tasks.unwrap_or(2 * cpus.len() + 1), &cpus, duration)
}

/// Three tasks that may use only one CPU, the same for all.
fn on_one_cpu(cpu: usize, duration: Duration, picture: Option<&Path>) -> Result<()> {
    println!("3 tasks on one CPU (CPU ≈ {cpu}), for {}:", text::time(duration));
    let names = ["browser", "music", "word"];
    let job = |_, start| Ok(record_until(start + duration)?.to_words());
    let team = Team::fork(names.len(), &[cpu], job)?;
    let children = names.iter().zip(team.pids()).map(|(name, pid)| format!("{name} (pid {pid})"));
    println!("I ({}) started {}.", getpid(), children.collect::<Vec<_>>().join(", "));
    let run = team.run()?;

    let (start, end) = (run.start, run.start + duration);
    let recordings = run.recordings()?;
    let slices = slices::of_recordings(&recordings);
    let tasks: Vec<_> = slices.iter().map(Vec::as_slice).collect();
    let width = text::width().saturating_sub(9).max(8);
    for (name, task) in names.iter().zip(&tasks) {
        println!("{name:7}  {}", timeline::bar(task, start, end, width));
    }
    println!("         0 ms{:>1$}", text::time(duration), width - 4);
    println!("         █ ran   ▓▒ ran for a part of this time   ░ waited");
    print_slices(&tasks);
    let overlap = slices::overlap_of_any(&tasks);
    if overlap.is_zero() {
        println!("overlap  none: at no instant did two of them run");
    }
    let gaps: u64 = recordings.iter().map(|recording| recording.gaps).sum();
    let switches: u64 = recordings.iter().map(|recording| recording.switches).sum();
    println!(
        "gaps     ≈ {gaps} in their clocks; the kernel counted ≈ {switches} involuntary switches"
    );

    if let Some(path) = picture {
        let svg = draw(&names, &tasks, start, duration);
        std::fs::write(path, svg).with_context(|| format!("write {}", path.display()))?;
    }
    let overlap_text = text::time(overlap);
    ensure!(overlap.is_zero(), "for {overlap_text} two tasks ran at once on one CPU: impossible");
    Ok(())
}

/// Tasks that may use all of `cpus`: the system decides which runs where.
fn on_all_cpus(tasks: usize, cpus: &[usize], duration: Duration) -> Result<()> {
    let header = format!("{} on {}", count(tasks, "task"), count(cpus.len(), "CPU"));
    println!("{header} (CPUs ≈ {}), for {}:", cpus::list(cpus), text::time(duration));
    let job = |_, start| Ok(record_until(start + duration)?.to_words());
    let run = Team::fork(tasks, cpus, job)?.run()?;

    let (start, end) = (run.start, run.start + duration);
    let slices = slices::of_recordings(&run.recordings()?);
    let tasks: Vec<_> = slices.iter().map(Vec::as_slice).collect();
    let label = tasks.len().to_string().len();
    // A line takes 37 columns besides the number and the bar.
    let width = text::width().saturating_sub(37 + label).max(8);
    let share = |task| 100.0 * slices::share(task, start, end);
    for (number, task) in (1..).zip(&tasks) {
        let bar = timeline::bar(task, start, end, width);
        let share = share(task);
        let cpus = timeline::shorten(&cpus::list(&slices::cpus(task)), 9);
        println!("task {number:<label$}  {bar}  ≈ {share:3.0} %  on CPUs ≈ {cpus}");
    }
    print_slices(&tasks);
    let together: f64 = tasks.iter().map(|task| share(task)).sum();
    let most = slices::most_at_once(&tasks);
    println!(
        "together ≈ {together:.0} % of one CPU; at most ≈ {most} of them ran at the same instant"
    );
    Ok(())
}

fn print_slices(tasks: &[&[Slice]]) {
    let all: Vec<_> = tasks.iter().copied().flatten().collect();
    let number = all.len();
    let median = text::time(slices::median(all));
    println!("slices   ≈ {number}, the median one {median} long (the notes: 0.01 s)");
}

fn draw(names: &[&str], tasks: &[&[Slice]], start: Duration, length: Duration) -> String {
    let median = slices::median(tasks.iter().copied().flatten());
    let lanes = names.iter().zip(tasks).enumerate();
    let lanes = lanes.map(|(colour, (name, slices))| Lane { name, colour, start, slices });
    let picture = Picture {
        title: "Tasks take turns on one CPU",
        about: &format!(
            "A lane for each of {}: coloured while the task runs. At no time are two coloured.",
            names.join(", ")
        ),
        lanes: lanes.collect(),
        length,
        rules: &[
            (median, format!("median slice, {}", text::time(median))),
            (Duration::from_millis(10), "slice in the notes, 0.01 s".to_owned()),
        ],
    };
    picture.draw()
}
