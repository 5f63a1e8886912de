//! An execution for a reader: a column for each thread, a line for each step.

use std::panic::Location;

use super::fault::{Blocked, Fault};
use super::run::{Outcome, Run};
use crate::op::ThreadId;

/// The width of a thread's column: the number of the line, and what was done.
const COLUMN: usize = 24;
/// The width if there is more to show.
const WIDEST: usize = 32;
/// The width if there is more to show, and nothing beside the columns.
const WIDEST_ALONE: usize = 40;

/// Draws an execution in lines of `width` columns. `source` gives the text of the file that a
/// step is in; each step is shown beside its line where the width allows it, and never if it is 0.
/// A step of a file
/// without a text is shown without the number of its line.
pub fn timeline<'a>(run: &Run, source: impl Fn(&str) -> Option<&'a str>, width: usize) -> String {
    let count = run.threads.len();
    let waiting = match &run.outcome {
        Outcome::Fault(Fault::Deadlock(blocked) | Fault::Livelock(blocked)) => &blocked[..],
        _ => &[],
    };
    let waits = |blocked: &Blocked| format!("waits for {}", blocked.awaits.name());
    let widest = if width == 0 { WIDEST_ALONE } else { WIDEST };
    // Each thread's column is as wide as what it does.
    let columns: Vec<usize> = (1..=count)
        .map(|thread| {
            let steps = run.steps.iter().filter(|step| step.thread == thread);
            let lengths = steps.map(|step| step.description.chars().count());
            let waits = waiting.iter().filter(|blocked| blocked.id == thread).map(waits);
            let longest = lengths.chain(waits.map(|text| text.chars().count())).max();
            (longest.unwrap_or(0) + 7).clamp(COLUMN, widest)
        })
        .collect();
    let all: usize = columns.iter().sum();
    let names = run.threads.iter().zip(&columns);
    let names = names.map(|(thread, column)| format!("     {:1$}", thread.name, column - 5));
    let mut drawn = names.collect::<String>().trim_end().to_owned() + "\n";
    let mut row = |thread: ThreadId, at: &Location, description: &str| {
        let before: usize = columns[..thread - 1].iter().sum();
        let text = source(at.file());
        let number = text.map_or(String::new(), |_| at.line().to_string());
        let step = format!("{number:>3}  {}", fitted(description, columns[thread - 1] - 6));
        let line = format!("{}{step:1$}", " ".repeat(before), all - before);
        let text =
            fitted(text.map_or("", |text| line_of(text, at.line())), width.saturating_sub(all));
        drawn += (line + &text).trim_end();
        drawn.push('\n');
    };
    for step in &run.steps {
        row(step.thread, step.at, &step.description);
    }
    for blocked in waiting {
        row(blocked.id, blocked.at, &waits(blocked));
    }
    drawn
}

/// The text of a line, without its indentation.
pub fn line_of(source: &str, line: u32) -> &str {
    source.lines().nth(line as usize - 1).map_or("", str::trim)
}

/// A text that is cut to `width`, or left out if the width is too small.
fn fitted(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        text.to_owned()
    } else if width < 10 {
        String::new()
    } else {
        text.chars().take(width - 1).chain(['…']).collect()
    }
}
