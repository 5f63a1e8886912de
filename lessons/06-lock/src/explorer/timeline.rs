//! An execution as a person reads it: a column for each thread, a line for each step.

use std::panic::Location;

use super::op::{Op, ThreadId};
use super::replay::{Outcome, Run};
use super::report::Fault;

/// The column on the right, for what a step did.
const TOLD: usize = 22;

/// Draws an execution into lines of `width` columns. `source` is the file that the steps
/// are in: each is shown with its line.
pub fn timeline(run: &Run, source: &str, width: usize) -> String {
    let columns = Columns { count: run.threads.len(), width, source };
    let mut drawn = String::new();
    for (place, thread) in run.threads.iter().enumerate() {
        drawn += &format!("{:width$}", format!("     {}", thread.name), width = columns.each());
        if place + 1 == run.threads.len() {
            drawn.truncate(drawn.trim_end().len());
            drawn.push('\n');
        }
    }
    for step in &run.steps {
        // The end of a block has no line of its own.
        let text = matches!(step.op, Op::Unlock(_)).then_some("(the guard ends)");
        drawn += &columns.row(step.thread, step.at, text, &step.told);
    }
    if let Outcome::Fault(Fault::Deadlock(blocked)) = &run.outcome {
        for blocked in blocked {
            drawn += &columns.row(blocked.number, blocked.at, None, "waits for ever");
        }
    }
    drawn
}

struct Columns<'a> {
    count: usize,
    width: usize,
    source: &'a str,
}

impl Columns<'_> {
    /// The width of a thread's column.
    fn each(&self) -> usize {
        (self.width.saturating_sub(TOLD) / self.count.max(1)).max(10)
    }

    /// A line with something in the column of one thread, and what it did on the right.
    fn row(&self, thread: ThreadId, at: &Location, text: Option<&str>, told: &str) -> String {
        let (each, line) = (self.each(), at.line());
        let before = " ".repeat((thread - 1) * each);
        let text = fitted(text.unwrap_or_else(|| line_of(self.source, line)), each - 6);
        let after = " ".repeat((self.count - thread) * each);
        let width = each - 5;
        format!("{before}{line:>3}  {text:width$}{after}{}\n", fitted(told, TOLD))
    }
}

/// The text of a line, without the room before it.
pub fn line_of(source: &str, line: u32) -> &str {
    source.lines().nth(line as usize - 1).map_or("", str::trim)
}

fn fitted(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    text.chars().take(width.saturating_sub(1)).chain(['…']).collect()
}
