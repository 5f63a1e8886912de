//! An execution as a person reads it: a column for each thread, a line for each step.

use std::panic::Location;

use super::op::ThreadId;
use super::replay::{Outcome, Run};
use super::report::Fault;

/// The width of a thread's column: the number of the line, and what was done.
const COLUMN: usize = 24;

/// Draws an execution into lines of `width` columns. `source` is the file that the steps
/// are in: where there is room, each is shown beside its line.
pub fn timeline(run: &Run, source: &str, width: usize) -> String {
    let count = run.threads.len();
    let names = run.threads.iter().map(|thread| format!("     {:1$}", thread.name, COLUMN - 5));
    let mut drawn = names.collect::<String>().trim_end().to_owned() + "\n";
    let mut row = |thread: ThreadId, at: &Location, told: &str| {
        let before = " ".repeat((thread - 1) * COLUMN);
        let told = format!("{:>3}  {}", at.line(), fitted(told, COLUMN - 6));
        let line = format!("{before}{told:0$}", (count - thread + 1) * COLUMN);
        let text = fitted(line_of(source, at.line()), width.saturating_sub(count * COLUMN));
        drawn += (line + &text).trim_end();
        drawn.push('\n');
    };
    for step in &run.steps {
        row(step.thread, step.at, &step.told);
    }
    if let Outcome::Fault(Fault::Deadlock(blocked)) = &run.outcome {
        for blocked in blocked {
            row(blocked.number, blocked.at, &format!("waits for {}", blocked.awaits.name()));
        }
    }
    drawn
}

/// The text of a line, without the room before it.
pub fn line_of(source: &str, line: u32) -> &str {
    source.lines().nth(line as usize - 1).map_or("", str::trim)
}

/// The beginning of a text that is too long; nothing where there is no room for any.
fn fitted(text: &str, width: usize) -> String {
    match text.chars().count() {
        length if length <= width => text.to_owned(),
        _ if width < 10 => String::new(),
        _ => text.chars().take(width - 1).chain(['…']).collect(),
    }
}
