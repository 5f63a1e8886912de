//! Is a line printed as soon as it comes, from whichever child, and in one piece?

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use xtask::record::Group;

use crate::practice::{Exercise, Fault, Judge, Record, Step, Trial};

pub const EXERCISE: Exercise = Exercise {
    lesson: "03-ipc",
    name: "merge",
    judge: Judge::Record(judge),
    verdicts: &[
        ("start", "a line of the second file is not printed while the first"),
        ("right/channel", ""),
        ("right/poll", ""),
        ("right/threads", ""),
        ("cheats/at_the_end", "a line of the second file is not printed while the first"),
        ("cheats/bytes", "writes a line in pieces"),
        ("cheats/second_first", "a line of the first file is not printed while the second"),
        ("cheats/sleeps", "it sleeps for a fixed time"),
        ("cheats/spins", "system calls, and has not ended"),
        ("cheats/takes_turns", "a line of the second file is not printed while the first"),
        ("cheats/two_writes", "writes a line in pieces"),
    ],
};

const NAMES: [&str; 2] = ["first", "second"];

/// How many lines each file has when they come one by one, and when they come together.
const LINES: usize = 12;
const MANY: usize = 1000;
const SOME: usize = 10;

fn judge(trial: &Trial) -> Result<()> {
    for (silent, comes) in [(0, 1), (1, 0)] {
        let steps = [Step::Bytes(comes, b"one line\n".to_vec()), Step::Hold];
        let record = trial.record_held(2, &steps)?;
        record.require_no_panic()?;
        let is_printed = record
            .events
            .iter()
            .any(|event| event.group == Group::Print && event.text.contains("one line"));
        ensure!(
            is_printed,
            Fault::new(
                format!(
                    "a line of the {} file is not printed while the {} is silent; it waits here:",
                    NAMES[comes], NAMES[silent]
                ),
                record.waiting()
            )
        );
    }

    let mut steps = Vec::new();
    for number in 0..LINES {
        // The one in two parts, with the other's between them.
        let (parts, whole) = if number % 2 == 0 { (0, 1) } else { (1, 0) };
        let lines = [line(parts, number), line(whole, number)].map(|line| line + "\n");
        let (begin, rest) = lines[0].split_at(9);
        steps.push(Step::Bytes(parts, begin.into()));
        steps.push(Step::Bytes(whole, lines[1].clone().into()));
        steps.push(Step::Bytes(parts, rest.into()));
    }
    let record = trial.record_fed(2, &steps)?;
    record.require_no_panic()?;
    record.require_none_killed()?;
    record.require_no_sleep()?;
    record.require_no_retries()?;
    record.require_children(record.main(), 2)?;
    record.require_all_waited_for()?;
    require_lines_in_one_piece(&record)?;

    require_lines(trial, &steps, LINES)?;
    // A few lines of both at the same time, again and again.
    let some = |file, first| {
        let lines = (first..first + SOME).map(|number| line(file, number) + "\n");
        lines.collect::<String>().into_bytes()
    };
    let together = |first| Step::Together(vec![some(0, first), some(1, first)]);
    let steps = (0..MANY).step_by(SOME).map(together).collect::<Vec<_>>();
    require_lines(trial, &steps, MANY)
}

/// Checks that the program prints all lines of both files, and those of each in their order.
fn require_lines(trial: &Trial, steps: &[Step], count: usize) -> Result<()> {
    let ran = trial.run_fed(2, steps)?;
    let expected = [0, 1].map(|file| (0..count).map(|at| line(file, at)).collect::<Vec<_>>());
    ran.require_lines_in_any_order(&expected.concat())?;
    for (file, expected) in expected.iter().enumerate() {
        let begin = &line(file, 0)[..5];
        let lines = ran.lines.iter().filter(|line| line.starts_with(begin));
        let lines = lines.cloned().collect::<Vec<_>>();
        ensure!(
            lines == *expected,
            Fault::new(format!("the lines of the {} file change their order", NAMES[file]), lines)
        );
    }
    Ok(())
}

/// A line of a file. One is as long as a line may be.
fn line(file: usize, number: usize) -> String {
    let line = format!("{} file, line {number}", NAMES[file]);
    let length = if number == LINES / 2 { 3_999 } else { line.len() };
    format!("{line:.<length$}")
}

/// Checks that nobody needs more than one write for a line to a pipe that others write to, too.
fn require_lines_in_one_piece(record: &Record) -> Result<()> {
    let mut writes = BTreeMap::<_, BTreeMap<_, usize>>::new();
    // What is moved there in the kernel is written, too.
    let written = record.events.iter().filter(|event| event.group == Group::Data);
    for event in written.filter(|event| event.result > Some(0)) {
        if let Some((_, rest)) = event.text.split_once(" to pipe ")
            && let Some((pipe, _)) = rest.split_once(':')
        {
            *writes.entry(pipe).or_default().entry(event.process).or_default() += 1;
        }
    }
    for (pipe, writers) in writes.iter().filter(|(_, writers)| writers.len() > 1) {
        for (writer, count) in writers {
            let to = format!(" to pipe {pipe}:");
            ensure!(
                *count <= LINES,
                Fault::new(
                    format!(
                        "process {writer} writes a line in pieces, and another can write to the \
                         pipe between them"
                    ),
                    record.lines(|event| event.text.contains(&to))
                )
            );
        }
    }
    Ok(())
}
