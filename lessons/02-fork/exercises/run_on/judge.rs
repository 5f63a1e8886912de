//! Does only the first process fork, does each child print its own line and nothing else, and is
//! the parent's line printed once, by the parent, when all children have ended?

use anyhow::{Result, ensure};
use record::{End, Group};

use crate::practice::{Exercise, Fault, Judge, Record, Trial};

pub const EXERCISE: Exercise = Exercise {
    lesson: "02-fork",
    name: "run_on",
    judge: Judge::Record(judge),
    verdicts: &[
        ("start", "it ran on into its parent's code"),
        ("right/breaks", ""),
        ("right/function", ""),
        ("cheats/alone", "the parent prints \"fork has 4 letters\\n\""),
        ("cheats/bytes", "prints \"für has 4 letters\\n\": that is not its own line"),
        ("cheats/kills", "was killed, and did not end by itself"),
        ("cheats/leaves_loop", "prints \"words: 2\\n\", too"),
        ("cheats/panics", "with status 101"),
        ("cheats/parent_prints", "it ran on into its parent's code"),
        ("cheats/sleeps", "before it has waited for child 1"),
        ("cheats/too_early", "before it has waited for child 1"),
    ],
};

fn judge(trial: &Trial) -> Result<()> {
    for words in [&["fork", "wait"][..], &[], &["exit"], &["two", "of", "drei", "für"]] {
        judge_words(&trial.record(words)?, words)?;
    }
    Ok(())
}

fn judge_words(record: &Record, words: &[&str]) -> Result<()> {
    let main = record.main();
    let children = record.children_of(main);
    for (number, child) in (1..).zip(&children) {
        let forks = !record.children_of(*child).is_empty();
        let does = record.lines(|event| {
            event.process == *child && (event.group == Group::Print || event.group == Group::Fork)
        });
        ensure!(
            !forks,
            Fault::new(
                format!(
                    "child {number} (pid {child}) forks, too: it ran on into its parent's code"
                ),
                does
            )
        );
    }
    record.require_children(main, words.len())?;
    record.require_all_waited_for()?;

    let about = |process: i32| {
        record.lines(|event| {
            event.process == process && matches!(event.group, Group::Print | Group::Exit)
        })
    };
    let last_line = format!("words: {}\n", words.len());
    let mut lines: Vec<String> =
        words.iter().map(|word| format!("{word} has {} letters\n", word.chars().count())).collect();
    for (number, child) in (1..).zip(&children) {
        let fault = |what: String| {
            Fault::new(format!("child {number} (pid {child}) {what}"), about(*child))
        };
        let printed = record.printed_by(*child);
        ensure!(!printed.contains(&last_line), fault(format!("prints {last_line:?}, too")));
        let own = lines.iter().position(|line| *line == printed);
        match own {
            Some(own) => drop(lines.swap_remove(own)),
            // Perhaps another process prints its line.
            None => {
                let by_main = record.printed_by(main);
                let by_parent = lines.iter().find(|line| by_main.contains(*line));
                if let Some(line) = by_parent {
                    let what = format!("the parent prints {line:?}: that is a child's work");
                    return Err(Fault::new(what, about(main)).into());
                }
                let what = match &printed[..] {
                    "" => "prints nothing".to_owned(),
                    printed => format!("prints {printed:?}: that is not its own line"),
                };
                return Err(fault(what).into());
            }
        }
        match record.end_of(*child) {
            Some(End::Exited(0)) => {}
            Some(End::Exited(status)) => {
                return Err(fault(format!("ended with status {status}, and not 0")).into());
            }
            _ => {
                return Err(fault("was killed, and did not end by itself".into()).into());
            }
        }
        let learned = record.end_learned(*child).map(|event| event.at);
        let last = record.events.iter().find(|event| {
            event.process == main && event.group == Group::Print && event.text.contains("words")
        });
        ensure!(
            last.is_none_or(|last| Some(last.at) >= learned),
            Fault::new(
                format!("the parent prints {last_line:?} before it has waited for child {number}"),
                record
                    .lines(|event| matches!(event.group, Group::Print | Group::Exit | Group::Wait))
            )
        );
    }
    let printed = record.printed_by(main);
    ensure!(
        printed == last_line,
        Fault::new(format!("the parent prints {printed:?}, and not {last_line:?}"), about(main))
    );
    ensure!(
        record.end_of(main) == Some(End::Exited(0)),
        Fault::new("the parent does not end with status 0", about(main))
    );
    Ok(())
}
