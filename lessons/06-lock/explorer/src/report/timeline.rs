//! An execution for a reader: a column for each thread, a line for each step.

use std::panic::Location;

use super::fault::Fault;
use super::run::{Outcome, Run};
use crate::op::ThreadId;

/// The width of a thread's column: the number of the line, and what was done.
const COLUMN: usize = 24;
/// The width if there is more to show.
const WIDEST: usize = 32;
/// The width if there is more to show, and nothing beside the columns.
const WIDEST_ALONE: usize = 40;

/// Draws an execution in lines of `width` columns. `source` gives the text of the file that a
/// step is in; each step is shown beside its line where the width allows it. A step of a file
/// without a text is shown without the number of its line.
///
/// Where the columns of all threads do not fit, each step is shown with its thread's name instead.
pub fn timeline<'a>(run: &Run, source: impl Fn(&str) -> Option<&'a str>, width: usize) -> String {
    draw(run, source, width, true)
}

/// The same, without the text of the lines.
pub fn timeline_alone<'a>(
    run: &Run,
    source: impl Fn(&str) -> Option<&'a str>,
    width: usize,
) -> String {
    draw(run, source, width, false)
}

fn draw<'a>(
    run: &Run,
    source: impl Fn(&str) -> Option<&'a str>,
    width: usize,
    with_text: bool,
) -> String {
    let rows = rows(run);
    let widest = if with_text { WIDEST } else { WIDEST_ALONE };
    // Each thread's column is as wide as what it does.
    let column = |thread| {
        let own = rows.iter().filter(|row| row.thread == thread);
        (longest(own.map(|row| &*row.what)) + 7).clamp(COLUMN, widest)
    };
    let columns: Vec<usize> = (1..=run.threads.len()).map(column).collect();
    let all: usize = columns.iter().sum();

    let number = |at: &Location| source(at.file()).map_or(String::new(), |_| at.line().to_string());
    let text_at = |at: &Location| {
        let text = source(at.file()).filter(|_| with_text);
        text.map_or("", |text| line_of(text, at.line()))
    };
    let mut drawn = String::new();
    let mut line = |step: String, text: &str| {
        let room = width.saturating_sub(step.chars().count());
        drawn += (step + &fitted(text, room)).trim_end();
        drawn.push('\n');
    };
    if all <= width {
        let names = run.threads.iter().zip(&columns);
        let names = names.map(|(thread, column)| format!("     {:1$}", thread.name, column - 5));
        line(names.collect(), "");
        for Row { thread, at, what } in &rows {
            let before: usize = columns[..thread - 1].iter().sum();
            let step = format!("{:>3}  {}", number(at), fitted(what, columns[thread - 1] - 6));
            line(format!("{}{step:1$}", " ".repeat(before), all - before), text_at(at));
        }
    } else {
        let name = longest(run.threads.iter().map(|thread| thread.name));
        let step = longest(rows.iter().map(|row| &*row.what));
        for Row { thread, at, what } in &rows {
            let thread = &run.threads[thread - 1].name;
            line(format!("{thread:name$}  {:>3}  {what:step$}  ", number(at)), text_at(at));
        }
    }
    drawn
}

/// A line of a drawing: what a thread did, or waits for at the end.
struct Row {
    thread: ThreadId,
    at: &'static Location<'static>,
    what: String,
}

fn rows(run: &Run) -> Vec<Row> {
    let waiting = match &run.outcome {
        Outcome::Fault(Fault::Deadlock(blocked) | Fault::Livelock(blocked)) => &blocked[..],
        _ => &[],
    };
    let steps = run.steps.iter().map(|step| Row {
        thread: step.thread,
        at: step.at,
        what: step.description.clone(),
    });
    let waits = waiting.iter().map(|blocked| Row {
        thread: blocked.id,
        at: blocked.at,
        what: format!("waits for {}", blocked.awaits.name()),
    });
    steps.chain(waits).collect()
}

/// How many characters the longest of these texts has.
fn longest<'a>(texts: impl Iterator<Item = &'a str>) -> usize {
    texts.map(|text| text.chars().count()).max().unwrap_or(0)
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
