//! Does the reader see the end of file, which comes only when no write end is open any more?

use anyhow::{Context, Result, ensure};
use record::Group;

use crate::practice::{Exercise, Fault, Judge, Record, Trial};

pub const EXERCISE: Exercise = Exercise {
    lesson: "03-ipc",
    name: "no_end",
    judge: Judge::Record(judge),
    verdicts: &[
        ("start", "it does not end; it waits here"),
        ("right/channel", ""),
        ("right/each_closes", ""),
        ("cheats/computes", "prints the sum of 3 numbers, but has read 0 bytes"),
        ("cheats/empty_read", "never saw the end of file"),
        ("cheats/gives_up", "never saw the end of file"),
        ("cheats/kills", "was killed"),
        ("cheats/knows_how_many", "never saw the end of file"),
        ("cheats/other_pipe", "prints the sum of 3 numbers, but has read 0 bytes"),
        ("cheats/own_copy", "it does not end; it waits here"),
        ("cheats/parents_copy", "it does not end; it waits here"),
        ("cheats/reads_later", "it waits for a child before both were started"),
        ("cheats/says_so", "never saw the end of file"),
    ],
};

fn judge(trial: &Trial) -> Result<()> {
    for count in [3, 0, 40] {
        let arguments = [&*count.to_string()];
        let record = trial.record(&arguments)?;
        record.require_no_panic()?;
        record.require_none_killed()?;
        record.require_no_sleep()?;
        record.require_children(record.main(), 2)?;
        record.require_all_waited_for()?;
        require_end_seen(&record, count)?;
        require_both_started(&record)?;
        let sum = (1..=count).sum::<u32>();
        trial.run(&arguments)?.require_lines(&[format!("the sum is {sum}")])?;
    }
    Ok(())
}

/// Checks that no thread waits for one child's end, and starts the other one afterwards: nobody
/// would read while the writer writes, and a pipe has room for a part of many numbers.
fn require_both_started(record: &Record) -> Result<()> {
    let children = record.children_of(record.main());
    for child in &children {
        let Some(wait) = record.end_learned(*child) else { continue };
        let mut forks = children.iter().filter_map(|other| record.forked(*other));
        ensure!(
            !forks.any(|fork| fork.id == wait.id && wait.at < fork.at),
            Fault::new(
                "it waits for a child before both were started: if many numbers came, nobody would read",
                record.lines(|event| event.child.is_some() || event.group == Group::Wait)
            )
        );
    }
    Ok(())
}

/// Checks that whoever prints the sum has read all the numbers, and has seen the end of what
/// another process wrote.
fn require_end_seen(record: &Record, count: u32) -> Result<()> {
    let print = record.events.iter().find(|event| event.group == Group::Print);
    let print = print.context(Fault::new("nothing was printed", Vec::new()))?;
    let reader = print.process;
    ensure!(
        reader != record.main(),
        Fault::new(
            format!("process {reader} prints the sum, and not its second child"),
            record.lines(|event| event.group == Group::Print)
        )
    );
    // A byte for each, however they are sent.
    let bytes = record.bytes_read_by(reader);
    ensure!(
        bytes >= u64::from(count),
        Fault::new(
            format!(
                "process {reader} prints the sum of {count} numbers, but has read {bytes} bytes"
            ),
            record.lines(|event| event.process == reader && event.group != Group::Exec)
        )
    );
    ensure!(
        record.saw_end_of_file(reader),
        Fault::new(
            format!("process {reader} prints the sum, but it never saw the end of file"),
            record.lines(|event| event.process == reader && event.group == Group::Data)
        )
    );
    Ok(())
}
