//! Do the three run at once, each with the ends of the right pipes and no others? Does the program
//! keep none, and wait for all three? Is its status that of the last?

use anyhow::{Result, ensure};
use record::{End, Event, Group};

use crate::practice::{Exercise, Fault, Judge, Record, Trial};

pub const EXERCISE: Exercise = Exercise {
    lesson: "02-fork",
    name: "pipeline",
    judge: Judge::Record(judge),
    verdicts: &[
        ("start", "it waits for command 1 before it has started command 2"),
        ("right/command", ""),
        ("right/last_first", ""),
        ("cheats/inherits", "command 1 keeps the read end of pipe 1 open"),
        ("cheats/keeps_reader", "the program still has the read end of pipe 1 open"),
        ("cheats/keeps_writer", "it does not end"),
        ("cheats/kills", "sends a signal"),
        ("cheats/last_only", "was never waited for"),
        ("cheats/one_by_one", "it waits for command 1 before it has started command 2"),
        ("cheats/relays", "command 2 does not read what command 1 writes"),
        ("cheats/shell", "it does not start command 1 in a child of its own"),
        ("cheats/worst_status", "its exit status is 2, and not 0"),
    ],
};

/// Three commands, what they print as a pipeline, and the last one's status.
const PIPELINES: [([&str; 3], &str, i32); 4] = [
    (["echo one two", "tr a-z A-Z", "cat"], "ONE TWO\n", 0),
    (["yes 2>/dev/null", "head -n 1", "cat; exit 3"], "y\n", 3),
    (["exit 1", "cat; exit 2", "cat"], "", 0),
    (["echo never read 2>/dev/null", "exit 0", "exit 4"], "", 4),
];

fn judge(trial: &Trial) -> Result<()> {
    for (commands, printed, status) in PIPELINES {
        judge_pipeline(&trial.record(&commands)?, commands, printed, status)?;
    }
    Ok(())
}

fn judge_pipeline(record: &Record, commands: [&str; 3], printed: &str, status: i32) -> Result<()> {
    let main = record.main();
    record.require_no_panic()?;
    let mut children = Vec::new();
    for (number, command) in (1..).zip(commands) {
        let Some(child) = record.child_that_became(main, command) else {
            let what = format!("it does not start command {number} in a child of its own");
            return Err(Fault::new(what, about(record)).into());
        };
        children.push(child);
    }
    record.require_children(main, commands.len())?;
    judge_order(record, &children)?;
    let signals = record.lines(|event| {
        event.process == main && event.group == Group::Signal && event.text.starts_with("send")
    });
    ensure!(
        signals.is_empty(),
        Fault::new("it sends a signal: the commands are to end by themselves", signals)
    );
    judge_ends(record, &children)?;
    record.require_all_waited_for()?;

    let shown = commands.map(|command| format!("'{command}'")).join(" ");
    let really: String =
        record.processes().into_iter().map(|process| record.printed_by(process)).collect();
    ensure!(
        really == printed,
        Fault::new(
            format!("with {shown} {really:?} is printed, and not {printed:?}"),
            about(record)
        )
    );
    let really = match record.end_of(main) {
        Some(End::Exited(status)) => status,
        _ => -1,
    };
    ensure!(
        really == status,
        Fault::new(
            format!("with {shown} its exit status is {really}, and not {status}"),
            about(record)
        )
    );
    Ok(())
}

/// Checks that all were started before any was waited for.
fn judge_order(record: &Record, children: &[i32]) -> Result<()> {
    for (number, child) in (1..).zip(children) {
        let Some(forked) = record.forked(*child) else { continue };
        let earlier =
            record.events.iter().find(|event| waits(record, event) && event.began() < forked.at);
        if let Some(wait) = earlier {
            let waited = children.iter().position(|child| {
                record.waited_for(*child).is_some_and(|event| std::ptr::eq(event, wait))
            });
            let whom = match waited {
                Some(place) => format!("command {}", place + 1),
                None => "a child".to_owned(),
            };
            let what = format!("it waits for {whom} before it has started command {number}");
            return Err(Fault::new(what, about(record)).into());
        }
    }
    Ok(())
}

/// Checks which ends of pipes each command begins with, and that the program keeps none.
fn judge_ends(record: &Record, children: &[i32]) -> Result<()> {
    let lines = || record.lines(|event| event.group == Group::Channel || event.child.is_some());
    let mut before = None;
    for (number, child) in (1..).zip(children) {
        let mut ends = record.pipe_ends_after_exec(*child);
        let input = ends.remove(&0);
        let output = ends.remove(&1);
        // A second descriptor of the same end does no harm.
        ends.retain(|_, end| Some(&*end) != input.as_ref() && Some(&*end) != output.as_ref());
        if number > 1 {
            let own = input.as_deref().and_then(|input| input.strip_suffix(", read end"));
            ensure!(
                own.is_some() && own == before.as_deref(),
                Fault::new(
                    format!("command {number} does not read what command {} writes", number - 1),
                    lines()
                )
            );
        }
        let needless = match number {
            1 => input,
            3 => output.clone(),
            _ => None,
        };
        if let Some(end) = needless.or(ends.into_values().next()) {
            let what =
                format!("command {number} keeps {} open, and does not need it", in_words(&end));
            return Err(Fault::new(what, lines()).into());
        }
        before = output.and_then(|output| Some(output.strip_suffix(", write end")?.to_owned()));
    }
    let wait = record.events.iter().position(|event| waits(record, event));
    let kept = record.pipe_ends(record.main(), wait.unwrap_or(record.events.len()));
    if let Some(end) = kept.into_values().next() {
        let what = format!("the program still has {} open when it waits", in_words(&end));
        return Err(Fault::new(what, lines()).into());
    }
    Ok(())
}

/// The end of a pipe, `pipe 1, read end`, in a sentence.
fn in_words(end: &str) -> String {
    match end.split_once(", ") {
        Some((pipe, end)) => format!("the {end} of {pipe}"),
        None => end.to_owned(),
    }
}

/// Whether the program waits for a child here.
fn waits(record: &Record, event: &Event) -> bool {
    event.process == record.main() && event.group == Group::Wait && !event.asks()
}

/// What the program does, and when its children begin and end.
fn about(record: &Record) -> Vec<String> {
    use Group::{Exec, Exit, Fork, Wait};
    let main = record.main();
    let children = record.children_of(main);
    record.lines(|event| {
        if event.process == main {
            matches!(event.group, Exit | Fork | Wait)
        } else {
            children.contains(&event.process) && (event.group == Exec || event.end.is_some())
        }
    })
}
