//! Three busy tasks on one CPU, each nicer to the others than the one before; in
//! one session, and then each in a session of its own. Compare with `tasks`.

mod priority;

use std::collections::HashSet;
use std::time::Duration;

use anyhow::{Context, Result};
use common::menu::Options;
use common::{Unsupported, cgroup, child, cpus, text};
use nix::unistd::{getpid, setsid};
use priority::{autogroup, autogroups_are_on, set_nice, weight};
use recorder::{Recording, Slice, Team, record_until, slices, timeline};

use crate::options::{self, count};

/// How nice the three are.
const NICE: [i32; 3] = [0, 5, 10];

pub fn run(options: &Options) -> Result<()> {
    let duration = options::duration(options, Duration::from_millis(250))?;
    let cpu = cpus::allowed()?[0];
    start_at(NICE[0])?;

    let time = text::time(duration);
    println!("Three busy tasks on one CPU (CPU ≈ {cpu}), for {time}, in one session:");
    compete(cpu, duration, false)?;
    println!("\nThe same three, each in a session of its own:");
    compete(cpu, duration, true)
}

/// Sets the nice value of this process, and of the tasks that it starts.
fn start_at(nice: i32) -> Result<()> {
    set_nice(nice).map_err(|why| {
        let advice = "start the lesson without `nice`";
        Unsupported(format!("a task may not have the nice value {nice} here ({why}): {advice}"))
            .into()
    })
}

fn compete(cpu: usize, duration: Duration, own_sessions: bool) -> Result<()> {
    let parent = getpid();
    let job = |number: usize, start| {
        if own_sessions {
            // Ctrl-C does not reach another session.
            child::end_with(parent)?;
            setsid().context("setsid")?;
        }
        set_nice(NICE[number]).context("setpriority")?;
        let recording = record_until(start + duration)?;
        let group = autogroup()?.unwrap_or(0);
        Ok([group].into_iter().chain(recording.to_words()).collect())
    };
    let team = Team::fork(NICE.len(), &[cpu], job)?;
    let tasks = NICE.iter().zip(team.pids()).map(|(nice, pid)| format!("nice {nice} (pid {pid})"));
    println!("I ({parent}) started {}.", tasks.collect::<Vec<_>>().join(", "));
    let run = team.run()?;

    let groups: HashSet<u64> = run.results.iter().map(|result| result[0]).collect();
    let recordings = run.results.iter().map(|result| Recording::from_words(&result[1..]));
    let slices = slices::of_recordings(&recordings.collect::<Result<Vec<_>, _>>()?);
    print_shares(&slices, run.start, run.start + duration);
    if !autogroups_are_on() {
        println!("autogroups are off");
    } else if let Some(name) = cgroup::cpu_cgroup() {
        println!("autogroups are on, but not used: these tasks are in the cgroup ≈ {name:?}");
    } else {
        println!("autogroups are on, and these tasks are in {}", count(groups.len(), "autogroup"));
    }
    Ok(())
}

/// Prints the share of each in the time that the three got, beside the share that its
/// weight predicts.
fn print_shares(tasks: &[Vec<Slice>], start: Duration, end: Duration) {
    let time = |task| slices::share(task, start, end);
    // On a very busy machine one may get nothing at all.
    let percent = |part: f64, whole: f64| if whole > 0.0 { 100.0 * part / whole } else { 0.0 };
    let weights = NICE.map(|nice| f64::from(weight(nice)));
    let together: f64 = tasks.iter().map(|task| time(task)).sum();

    let width = text::width().saturating_sub(48).max(8);
    for ((nice, weight), task) in NICE.into_iter().zip(weights).zip(tasks) {
        let predicted = percent(weight, weights.iter().sum());
        let got = percent(time(task), together);
        let bar = timeline::bar(task, start, end, width);
        println!("nice {nice:2}  weight {weight:4}: {predicted:2.0} %, got ≈ {got:3.0} %  {bar}");
    }
    let got = percent(time(&tasks[2]), time(&tasks[0]));
    let predicted = percent(weights[2], weights[0]);
    println!(
        "nice 10 got ≈ {got:.0} % of what nice 0 got; by their weights it is {predicted:.0} %"
    );
}
