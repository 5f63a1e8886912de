//! Three busy tasks on one CPU, each nicer to the others than the one before; in
//! one session, and then each in a session of its own. Compare with `tasks`.

use std::time::Duration;

use anyhow::{Context, Result};
use common::menu::Options;
use common::{NotHere, child, text};
use lesson_01_multitask::priority::{autogroup, autogroups_are_on, set_nice, weight};
use lesson_01_multitask::recorder::record_until;
use lesson_01_multitask::recording;
use lesson_01_multitask::team::Team;
use lesson_01_multitask::{cpus, slices, timeline};
use nix::unistd::{getpid, setsid};

use crate::options::{count, number};

/// How nice the three are.
const NICE: [i32; 3] = [0, 5, 10];

pub fn run(options: &Options) -> Result<()> {
    let duration = number(options, "--duration", 0.02..=10.0)?.unwrap_or(0.25);
    let duration = Duration::from_secs_f64(duration);
    let cpu = cpus::allowed()?[0];
    let time = text::time(duration);
    println!("Three busy tasks on one CPU (CPU ≈ {cpu}), for {time}, in one session:");
    compete(cpu, duration, false)?;
    println!("\nThe same three, each in a session of its own:");
    compete(cpu, duration, true)
}

fn compete(cpu: usize, duration: Duration, own_sessions: bool) -> Result<()> {
    let parent = getpid();
    let job = |number: usize, start| {
        if own_sessions {
            // Ctrl-C does not reach another session.
            child::end_with(parent)?;
            setsid().context("setsid")?;
        }
        become_nice(NICE[number])?;
        let recording = record_until(start + duration)?;
        let group = autogroup()?.unwrap_or(0);
        Ok([group].into_iter().chain(recording.to_words()).collect())
    };
    let team = Team::fork(NICE.len(), &[cpu], job)?;
    let tasks = NICE.iter().zip(team.pids()).map(|(nice, pid)| format!("nice {nice} (pid {pid})"));
    println!("I ({parent}) started {}.", tasks.collect::<Vec<_>>().join(", "));
    let run = team.run()?;

    let mut groups: Vec<u64> = run.results.iter().map(|result| result[0]).collect();
    groups.sort_unstable();
    groups.dedup();
    let recordings: Vec<_> = run.results.iter().map(|result| result[1..].to_vec()).collect();
    let slices = slices::of_recordings(&recording::all(&recordings)?);
    let (start, end) = (run.start, run.start + duration);
    let shares = slices.iter().map(|task| slices::share(task, start, end));
    let shares: Vec<f64> = shares.collect();

    let together: f64 = shares.iter().sum();
    let weights: u32 = NICE.map(weight).iter().sum();
    let width = text::width().saturating_sub(48).max(8);
    for ((nice, share), task) in NICE.into_iter().zip(&shares).zip(&slices) {
        let weight = weight(nice);
        let predicted = 100.0 * f64::from(weight) / f64::from(weights);
        let got = 100.0 * share / together;
        let bar = timeline::bar(task, start, end, width);
        println!("nice {nice:2}  weight {weight:4}: {predicted:2.0} %, got ≈ {got:3.0} %  {bar}");
    }
    let times = shares[0] / shares[2];
    let predicted = f64::from(weight(NICE[0])) / f64::from(weight(NICE[2]));
    println!(
        "nice 0 got ≈ {times:.1} times as much as nice 10; by the weights {predicted:.1} times"
    );
    if autogroups_are_on() {
        println!("autogroups are on, and these tasks are in {}", count(groups.len(), "autogroup"));
    } else {
        println!("autogroups are off");
    }
    Ok(())
}

fn become_nice(nice: i32) -> Result<()> {
    set_nice(nice).map_err(|why| {
        let advice = "start the lesson without `nice`";
        NotHere(format!("a task may not have the nice value {nice} here ({why}): {advice}")).into()
    })
}
