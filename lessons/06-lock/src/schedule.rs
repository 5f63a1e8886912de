//! Every order in which two threads can take the steps of the notes' `change_it`: how many
//! there are, how many end with a wrong balance, and the simplest wrong one, step by step.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use common::menu::Options;
use common::options::UsageError;
use common::text;
use explorer::{Explorer, Orders, Outcome, Schedule, timeline};

use crate::change_it::{LastBalance, SOURCE, two_threads};

pub fn run(options: &Options) -> Result<()> {
    let times = options.number("--times", 1..=2)?.unwrap_or(1);
    let locked = options.has("--lock");
    if let Some(schedule) = options.get::<Schedule>("--replay")? {
        return show(&schedule, times, locked);
    }
    let explorer = Explorer::default();
    println!("t1 calls change_it(5), t2 calls change_it(8); how often: {times}");

    let last = LastBalance::default();
    let mut counts = BTreeMap::new();
    let program = two_threads(times, false, last.clone());
    let report = explorer.explore_each(Orders::All, program, |_, _| {
        *counts.entry(last.get()).or_insert(0) += 1;
    });
    println!("without a lock, {report}");
    for (balance, orders) in counts {
        println!("  the balance is {balance:>3} after {orders:>4}");
    }
    let failure = report.simplest.context("no order went wrong, and without a lock some do")?;
    let (preemptions, switches) = (failure.preemptions, failure.schedule.switches());
    println!("the simplest that goes wrong, with {preemptions} preemptions, {switches} switches:");
    show(&failure.schedule, times, false)?;

    let report = explorer.explore(Orders::All, two_threads(times, true, LastBalance::default()));
    println!("with the lock, {report}");
    println!("bounds: {}", report.bounds);
    Ok(())
}

/// Runs the program in this order, and shows each step.
fn show(schedule: &Schedule, times: u32, locked: bool) -> Result<()> {
    let program = two_threads(times, locked, LastBalance::default());
    let run = Explorer::default().replay(schedule, program);
    let run = run.map_err(|why| UsageError(format!("--replay: {why}")))?;
    print!("{}", timeline(&run, |_| Some(SOURCE), text::width().min(100)));
    match run.outcome {
        Outcome::Right => println!("the balance is 0"),
        Outcome::Fault(fault) => println!("{fault}: --replay {schedule}"),
        Outcome::Unfinished => println!("not at the end: threads could go on"),
    }
    Ok(())
}
