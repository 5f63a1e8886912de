//! Is a line printed as soon as it comes, from whichever child, and in one piece?

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::ops::Range;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use record::{Event, Group};

use crate::practice::{Exercise, Fault, Judge, Record, Step, Trial, file_in_memory};

pub const EXERCISE: Exercise = Exercise {
    lesson: "03-ipc",
    name: "merge",
    judge: Judge::Record(judge),
    verdicts: &[
        ("start", "a line of the second file is not printed while the first"),
        ("right/channel", ""),
        ("right/locks", ""),
        ("right/poll", ""),
        ("right/threads", ""),
        ("cheats/at_the_end", "a line of the second file is not printed while the first"),
        ("cheats/as_they_come", "it prints the wrong lines"),
        ("cheats/buffered_poll", "not all of them are printed while the first is silent"),
        ("cheats/bytes", "writes a line in pieces"),
        ("cheats/children_print", "a child prints"),
        ("cheats/no_join", "it ends before it has printed everything"),
        ("cheats/second_first", "a line of the first file is not printed while the second"),
        ("cheats/sleeps", "it sleeps for a fixed time"),
        ("cheats/spins", "it looks again and again whether something can be read"),
        ("cheats/takes_turns", "a line of the second file is not printed while the first"),
        ("cheats/two_writes", "writes a line in pieces"),
        (
            "cheats/waits_long_in_turn",
            "is there, but it waits for something else until a time is over",
        ),
        ("cheats/waits_in_turn", "is there, but it waits for something else until a time is over"),
    ],
};

const NAMES: [&str; 2] = ["first", "second"];

/// How many lines each file has when they come one by one.
const LINES: usize = 12;

/// How many come while the other file is silent: most of them at once.
const BURST: usize = 100;

/// So many lines may come by chance in the moment in which a wait gives up.
const MAX_LATE: usize = 2;

/// The milliseconds between them while the other file is silent. Some are to fall into a wait for
/// that one, if there are such waits, whatever their time is.
const PAUSES: [u64; LINES] = [3, 5, 8, 11, 14, 17, 23, 31, 41, 53, 67, 2];

/// How many lines each file has when they come together, and how many come at a time.
const MANY: usize = 1000;
const SOME: usize = 10;

/// How many of the longest lines each file has, and how many come together.
const LONGEST: usize = 24;
const SOME_LONGEST: usize = 6;

/// How many lines each file has when nobody reads at first what is printed. Those of one file fit
/// into a pipe, and those of both do not.
const UNREAD: usize = 2000;

/// Runs a program, and reads late what it prints.
const READ_LATE: &str = "\"$0\" \"$@\" | { sleep 0.2; cat; }";

fn judge(trial: &Trial) -> Result<()> {
    for (silent, comes) in [(0, 1), (1, 0)] {
        judge_held(trial, silent, comes)?;
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
    if let Err(in_pieces) = require_lines_in_one_piece(&record)
        && (require_lines(trial, &steps, LINES, line).is_err() || are_torn(trial)?)
    {
        return Err(in_pieces);
    }
    require_printed_by_parent(&record)?;
    judge_late_reader(trial)?;

    require_lines(trial, &steps, LINES, line)?;
    let together = |line: Line, numbers: Range<usize>| {
        Step::Together(vec![lines(line, 0, numbers.clone()), lines(line, 1, numbers)])
    };
    // A few lines of both at the same time, again and again.
    let steps = (0..MANY)
        .step_by(SOME)
        .map(|first| together(line, first..first + SOME))
        .collect::<Vec<_>>();
    require_lines(trial, &steps, MANY, line)?;
    let steps = (0..LONGEST)
        .step_by(SOME_LONGEST)
        .map(|first| together(longest_line, first..first + SOME_LONGEST))
        .collect::<Vec<_>>();
    require_lines(trial, &steps, LONGEST, longest_line)
}

/// Checks that the program prints all lines before it ends, if what it prints is read late: the
/// children have ended by then, and the lines are still in the pipes.
fn judge_late_reader(trial: &Trial) -> Result<()> {
    let [(_first, first), (_second, second)] = two_files(UNREAD)?;
    let program = trial.program.to_str().context("the program's path")?;
    let ran = trial.shell().run(&["-c", READ_LATE, program, &first, &second])?;
    // Lines that are torn are another fault.
    let count = ran.output.matches('\n').count();
    ensure!(
        count >= 2 * UNREAD,
        Fault::new(
            format!(
                "when its output is read late, it prints {count} of {} lines: it ends before it \
                 has printed everything that its children have sent",
                2 * UNREAD
            ),
            Vec::new()
        )
    );
    Ok(())
}

/// Checks that all lines that come from one file are printed while the other is silent.
fn judge_held(trial: &Trial, silent: usize, comes: usize) -> Result<()> {
    let length = lines(line, comes, 0..BURST).len();
    let come = |numbers| Step::Bytes(comes, lines(line, comes, numbers));
    let one_by_one = PAUSES.iter().enumerate().flat_map(|(number, pause)| {
        [come(number..number + 1), Step::Pause(Duration::from_millis(*pause))]
    });
    let steps = one_by_one.chain([come(LINES..BURST), Step::Hold]).collect::<Vec<_>>();
    let record = trial.record_held(2, &steps)?;
    record.require_no_panic()?;
    let prints = record.events.iter().filter(|event| event.group == Group::Print);
    let printed: i64 = prints.filter_map(|event| event.result).filter(|count| *count > 0).sum();
    let (one, other) = (NAMES[comes], NAMES[silent]);
    let what = match usize::try_from(printed)? {
        0 => format!(
            "a line of the {one} file is not printed while the {other} is silent; it waits here:"
        ),
        printed if printed < length => format!(
            "{} lines of the {one} file come at once, and not all of them are printed while \
             the {other} is silent; it waits here:",
            BURST - LINES
        ),
        _ => return require_waits_for_both(&record, comes),
    };
    Err(Fault::new(what, record.waiting()).into())
}

/// Checks that the parent does not wait for something else until a time is over, and looks for a
/// line only then.
fn require_waits_for_both(record: &Record, comes: usize) -> Result<()> {
    let main = record.main();
    let (mut lines, mut late) = (0, BTreeSet::new());
    for text in (0..LINES).map(|number| line(comes, number)) {
        // Of a long line, the record has the beginning.
        let text = format!("\"{}", text.trim_end_matches('.'));
        let has_it = |event: &&Event| {
            let rest = event.text.split_once(&text).map(|(_, rest)| rest);
            rest.is_some_and(|rest| !rest.starts_with(|next: char| next.is_ascii_digit()))
        };
        let with_it: Vec<&Event> = record.events.iter().filter(has_it).collect();
        let is_print = |event: &&Event| event.process == main && event.group == Group::Print;
        let Some(at) = with_it.iter().position(is_print) else { continue };
        let print = with_it[at];
        // The last that had it before: the child, or a thread that has read it.
        let Some(other) = with_it[..at].iter().rfind(|event| event.id != print.id) else {
            continue;
        };
        let was_there =
            |wait: &&Event| wait.began() < other.at && other.at < wait.at && wait.at < print.at;
        if let Some(wait) = record.waits_in_vain(print.id).find(was_there) {
            lines += 1;
            late.extend([*other, wait, print].map(|event| (event.at, event.id)));
        }
    }
    ensure!(
        lines <= MAX_LATE,
        Fault::new(
            format!(
                "a line of the {} file is there, but it waits for something else until a time is \
                 over, and prints the line only then",
                NAMES[comes]
            ),
            record.lines(|event| late.contains(&(event.at, event.id)))
        )
    );
    Ok(())
}

/// Checks that nobody but the parent prints.
fn require_printed_by_parent(record: &Record) -> Result<()> {
    let main = record.main();
    let others = record.lines(|event| event.group == Group::Print && event.process != main);
    ensure!(
        others.is_empty(),
        Fault::new(
            "a child prints: it should send its lines to its parent, which prints them",
            others
        )
    );
    Ok(())
}

/// Checks that the program prints all lines of both files, and those of each in their order.
fn require_lines(trial: &Trial, steps: &[Step], count: usize, line: Line) -> Result<()> {
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

/// The text of a line: of which file, and which line of it.
type Line = fn(usize, usize) -> String;

/// A line of a file. One is as long as a line may be.
fn line(file: usize, number: usize) -> String {
    if number == LINES / 2 {
        return longest_line(file, number);
    }
    format!("{} file, line {number}", NAMES[file])
}

/// A line that is as long as a line may be.
fn longest_line(file: usize, number: usize) -> String {
    format!("{:.<3999}", format!("{} file, line {number}", NAMES[file]))
}

/// Some lines of a file, as it has them.
fn lines(line: Line, file: usize, numbers: Range<usize>) -> Vec<u8> {
    numbers.map(|number| line(file, number) + "\n").collect::<String>().into_bytes()
}

/// Two files that are there from the start, each with this many lines, and their paths.
fn two_files(count: usize) -> Result<[(File, String); 2]> {
    let [first, second] = [0, 1].map(|file| file_in_memory(&lines(line, file, 0..count)));
    Ok([first?, second?])
}

/// Whether a line that is written in pieces is torn by another, when it is the other's turn after
/// each system call. It is not if they have a lock.
fn are_torn(trial: &Trial) -> Result<bool> {
    let [(_first, first), (_second, second)] = two_files(BURST)?;
    let expected = [0, 1].map(|file| (0..BURST).map(move |at| line(file, at)));
    let expected: Vec<String> = expected.into_iter().flatten().collect();
    let ran = trial.run_call_by_call(&[&first, &second])?;
    Ok(ran.require_lines_in_any_order(&expected).is_err())
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
