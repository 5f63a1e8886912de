//! Three tasks on one CPU take turns, and many tasks rotate over all CPUs.
//! A task is a process. Compare with `notes.py`, the first part in Python.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use common::menu::Options;
use common::{NotHere, text};
use lesson_01_multitask::recording::Slice;
use lesson_01_multitask::team::{Run, Team};
use lesson_01_multitask::{cpus, slices, svg, timeline};
use nix::unistd::getpid;

pub fn run(options: &Options) -> Result<()> {
    let duration = options.number("--duration", 0.02..=10.0)?.unwrap_or(0.2);
    let duration = Duration::from_secs_f64(duration);
    let tasks = options.number("--tasks", 1..=500)?;
    let wanted_cpus = options.number("--cpus", 1..=1024)?;
    let picture: Option<PathBuf> = options.get("--svg")?;

    let mut cpus = cpus::allowed()?;
    let first = cpus[0];
    if let Some(wanted) = wanted_cpus {
        let there_are = format!("CPUs that this process may use: {}, not {wanted}", cpus.len());
        ensure!(wanted <= cpus.len(), NotHere(there_are));
        cpus.truncate(wanted);
    }

    println!("Processes in sight now: ≈ {}\n", count_processes()?);
    on_one_cpu(first, duration, picture.as_deref())?;
    println!();
    on_all_cpus(tasks.unwrap_or(2 * cpus.len() + 1), &cpus, duration)
}

/// Three tasks that may use the same CPU, and no other.
fn on_one_cpu(cpu: usize, duration: Duration, picture: Option<&Path>) -> Result<()> {
    println!("3 tasks on one CPU (CPU ≈ {cpu}), for {}:", text::time(duration));
    let names = ["browser", "music", "word"];
    let team = Team::fork(names.len(), &[cpu])?;
    let children = names.iter().zip(team.pids()).map(|(name, pid)| format!("{name} (pid {pid})"));
    println!("I ({}) started {}.", getpid(), children.collect::<Vec<_>>().join(", "));
    let run = team.run(duration)?;

    let slices = slices_of(&run);
    let tasks: Vec<_> = slices.iter().map(Vec::as_slice).collect();
    let width = text::width().saturating_sub(9).max(8);
    for (name, task) in names.iter().zip(&tasks) {
        println!("{name:7}  {}", timeline::bar(task, run.start, run.end, width));
    }
    println!("         0 ms{:>1$}", text::time(duration), width - 4);
    println!("         █ ran   ▓▒ ran for a part of this time   ░ waited");
    print_slices(&tasks);
    let overlap = slices::overlap_of_any(&tasks);
    if overlap.is_zero() {
        println!("overlap  none: at no instant did two of them run");
    }
    let gaps: u64 = run.recordings.iter().map(|recording| recording.gaps).sum();
    let switches: u64 = run.recordings.iter().map(|recording| recording.switches).sum();
    println!(
        "gaps     ≈ {gaps} in their own clocks; the kernel counted ≈ {switches} involuntary switches"
    );

    if let Some(path) = picture {
        std::fs::write(path, svg::draw(&names, &tasks, run.start, run.end))
            .with_context(|| format!("write {}", path.display()))?;
    }
    let overlap_text = text::time(overlap);
    ensure!(overlap.is_zero(), "for {overlap_text} two tasks ran at once on one CPU: impossible");
    Ok(())
}

/// Tasks that may use all of `cpus`: the system decides who runs where.
fn on_all_cpus(tasks: usize, cpus: &[usize], duration: Duration) -> Result<()> {
    let header = format!("{} on {}", count(tasks, "task"), count(cpus.len(), "CPU"));
    println!("{header} (CPUs ≈ {}), for {}:", cpus::list(cpus), text::time(duration));
    let run = Team::fork(tasks, cpus)?.run(duration)?;

    let slices = slices_of(&run);
    let tasks: Vec<_> = slices.iter().map(Vec::as_slice).collect();
    let label = tasks.len().to_string().len();
    // A line takes 37 columns besides the number and the bar.
    let width = text::width().saturating_sub(37 + label).max(8);
    let share = |task| 100.0 * slices::share(task, run.start, run.end);
    for (number, task) in (1..).zip(&tasks) {
        let bar = timeline::bar(task, run.start, run.end, width);
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

fn slices_of(run: &Run) -> Vec<Vec<Slice>> {
    let stretches = run.recordings.iter().map(|recording| recording.stretches.as_slice());
    slices::of_tasks(&stretches.collect::<Vec<_>>())
}

fn count(number: usize, thing: &str) -> String {
    format!("{number} {thing}{}", if number == 1 { "" } else { "s" })
}

/// Every process is a directory of /proc, named after its id.
fn count_processes() -> Result<usize> {
    let entries = std::fs::read_dir("/proc").context("/proc")?.flatten();
    let names = entries.map(|entry| entry.file_name().into_encoded_bytes());
    Ok(names.filter(|name| name.iter().all(u8::is_ascii_digit)).count())
}
