//! Is each child started before the first is waited for, and is each waited for? Does the program
//! hand on the sum of their statuses?

use anyhow::{Result, ensure};
use xtask::record::{Event, Group};

use crate::practice::{Exercise, Fault, Judge, Trial};

pub const EXERCISE: Exercise = Exercise {
    lesson: "02-fork",
    name: "children",
    judge: Judge::Record(judge),
    verdicts: &[
        ("start", "was never waited for"),
        ("right/any_order", ""),
        ("cheats/asks", "was never waited for"),
        ("cheats/computes", "was never waited for"),
        ("cheats/last_only", "was never waited for"),
        ("cheats/one_by_one", "before all children were started"),
    ],
};

fn judge(trial: &Trial) -> Result<()> {
    for count in [3, 1, 5] {
        let record = trial.record(&[&count.to_string()])?;
        record.require_no_panic()?;
        record.require_children(record.main(), count)?;
        record.require_all_waited_for()?;
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
        let ran = trial.run(&[&count.to_string()])?;
        let sum = (1..=count).sum::<usize>();
        ensure!(
            usize::try_from(ran.status) == Ok(sum),
            Fault::new(
                format!("with {count} children its exit status is {}, and not {sum}", ran.status),
                Vec::new()
            )
        );
    }
    Ok(())
}
