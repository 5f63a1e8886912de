//! Is each child started before the first is waited for, and is each waited for? Does the program
//! hand on the sum of their statuses, and do they roll a die?

use anyhow::{Result, ensure};
use record::{End, Event, Group};

use crate::practice::{Exercise, Fault, Judge, Record, Trial};

pub const EXERCISE: Exercise = Exercise {
    lesson: "02-fork",
    name: "children",
    judge: Judge::Record(judge),
    verdicts: &[
        ("start", "was never waited for"),
        ("right/any_order", ""),
        ("cheats/adds_numbers", "the sum of"),
        ("cheats/asks", "was never waited for"),
        ("cheats/computes", "was never waited for"),
        ("cheats/kills", ") was killed"),
        ("cheats/last_only", "was never waited for"),
        ("cheats/no_die", "children rolled the same number"),
        ("cheats/one_by_one", "before all children were started"),
    ],
};

fn judge(trial: &Trial) -> Result<()> {
    let mut rolled = Vec::new();
    for count in [3, 1, 5] {
        rolled.extend(judge_with(trial, count)?);
    }
    // Nobody is as unlucky as that.
    for _ in 0..3 {
        if are_same(&rolled) {
            rolled.extend(judge_with(trial, 5)?);
        }
    }
    let what = format!("all its {} children rolled the same number", rolled.len());
    ensure!(!are_same(&rolled), Fault::new(what, vec![format!("they rolled {rolled:?}")]));
    Ok(())
}

fn are_same(rolled: &[i32]) -> bool {
    rolled.iter().all(|number| *number == rolled[0])
}

/// Checks the program with this many children, and returns what each of them rolled.
fn judge_with(trial: &Trial, count: usize) -> Result<Vec<i32>> {
    let with = if count == 1 { "with 1 child".into() } else { format!("with {count} children") };
    let record = trial.record(&[&count.to_string()]).map_err(Fault::of(&with))?;
    statuses_of(&record, count).map_err(Fault::of(&with))
}

fn statuses_of(record: &Record, count: usize) -> Result<Vec<i32>> {
    record.require_no_panic()?;
    record.require_children(record.main(), count)?;
    record.require_all_waited_for()?;
    record.require_none_killed()?;
    let waits = |event: &Event| event.group == Group::Wait && !event.asks();
    let first_wait = record.events.iter().position(waits);
    let last_fork = record.events.iter().rposition(|event| event.child.is_some());
    ensure!(
        first_wait.is_none() || last_fork < first_wait,
        Fault::new(
            "it waits for a child before all children were started",
            record.lines(|event| event.child.is_some() || waits(event))
        )
    );
    let children = record.children_of(record.main());
    let statuses = children.iter().map(|child| status(record, *child)).collect::<Vec<_>>();
    let (really, sum) = (status(record, record.main()), statuses.iter().sum::<i32>());
    ensure!(
        really == sum,
        Fault::new(
            format!("its exit status is {really}, and not {sum}, the sum of {statuses:?}"),
            record.lines(|event| matches!(event.group, Group::Exit | Group::Wait))
        )
    );
    Ok(statuses)
}

/// The exit status of a process.
fn status(record: &Record, process: i32) -> i32 {
    match record.end_of(process) {
        Some(End::Exited(status)) => status,
        _ => -1,
    }
}
