//! Events as lines of text, with lanes before them on a terminal.

use std::collections::HashSet;
use std::io::{IsTerminal, stdout};

use common::text;
use record::{End, Event};

use crate::wrap::wrapped;

/// Lanes are drawn up to this one; what is further to the right has none.
const MOST_LANES: usize = 12;

/// A line is wrapped so that at least this many characters remain beside the lanes.
const LEAST_ROOM: usize = 30;

/// Prints events as they come.
pub struct Rows {
    /// The task in each lane, and whether it has not ended. A lane is for one task only.
    lanes: Option<Vec<(i32, bool)>>,
    /// The tasks that have said themselves that they end.
    exiting: HashSet<i32>,
    /// Whether the ends of tasks are shown. Their events come in any case.
    ends: bool,
    colour: bool,
    /// How wide a line may be.
    width: usize,
}

impl Rows {
    /// Lanes are drawn on a terminal, in colour unless NO_COLOR is set. `ends`: whether
    /// the ends of tasks were asked for. `wide`: lines are not wrapped.
    pub fn new(ends: bool, wide: bool) -> Rows {
        let terminal = stdout().is_terminal();
        let colour = terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        Rows {
            lanes: terminal.then(Vec::new),
            exiting: HashSet::new(),
            ends,
            colour,
            width: if terminal && !wide { text::width() } else { usize::MAX },
        }
    }

    /// Prints an event.
    pub fn print(&mut self, event: &Event) {
        let ended = event.end.is_some();
        // A task that said it exits needs no second line for that.
        let told_before =
            matches!(event.end, Some(End::Exited(_))) && self.exiting.contains(&event.id);
        if !told_before && (self.ends || !ended) {
            println!("{}", self.lines(event));
        }
        if event.call.as_deref().is_some_and(|call| call.starts_with("exit")) {
            self.exiting.insert(event.id);
            if event.call.as_deref() == Some("exit_group") {
                self.exiting.insert(event.process);
            }
        }
        if ended {
            self.exiting.remove(&event.id);
            let lanes = self.lanes.iter_mut().flatten();
            lanes.filter(|(id, _)| *id == event.id).for_each(|(_, runs)| *runs = false);
        }
    }

    fn lines(&mut self, event: &Event) -> String {
        let id = if event.id == event.process {
            format!("pid {}", event.id)
        } else {
            format!("tid {} {}", event.id, event.name)
        };
        let time = text::time(event.at);
        let words = format!("{id}: {}", event.text);
        let Some(lanes) = &mut self.lanes else {
            return format!("{time:>8}  {words}");
        };
        if !lanes.iter().any(|(id, runs)| *id == event.id && *runs) {
            lanes.push((event.id, true));
        }
        let first = if event.end.is_some() { '✕' } else { '●' };
        let drawn_width = 2 * lanes.len().min(MOST_LANES);
        let room = self.width.saturating_sub(8 + 2 + drawn_width + 1).max(LEAST_ROOM);
        let mut lines = Vec::new();
        for (number, words) in wrapped(&words, room).into_iter().enumerate() {
            let (time, own) = if number == 0 { (&*time, first) } else { ("", '│') };
            let lanes = self.lanes(event.id, own);
            lines.push(format!("{time:>8}  {lanes} {words}").trim_end().to_owned());
        }
        lines.join("\n")
    }

    /// The lanes beside a line of this task, with a mark in its own.
    fn lanes(&self, id: i32, mark: char) -> String {
        let lanes = self.lanes.iter().flatten().enumerate().take(MOST_LANES);
        let pieces = lanes.map(|(place, lane)| {
            let piece = match lane {
                (own, true) if *own == id => mark,
                (_, true) => '│',
                (_, false) => ' ',
            };
            if self.colour && piece != ' ' {
                format!("\x1b[{}m{piece}\x1b[0m ", 31 + place % 6)
            } else {
                format!("{piece} ")
            }
        });
        pieces.collect()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use record::Group;

    use super::*;

    fn event(id: i32, end: Option<End>, text: &str) -> Event {
        Event {
            at: Duration::from_micros(1),
            took: None,
            id,
            process: id,
            name: String::new(),
            group: Group::Fork,
            call: None,
            arguments: Vec::new(),
            result: None,
            child: None,
            zombie: None,
            end,
            text: text.to_owned(),
        }
    }

    #[test]
    fn a_lane_is_for_one_task_only() {
        let mut rows = Rows {
            lanes: Some(Vec::new()),
            exiting: HashSet::new(),
            ends: true,
            colour: false,
            width: 50,
        };
        let mut line = |event: &Event| {
            let line = rows.lines(event);
            rows.print(event);
            line
        };
        assert_eq!(line(&event(1, None, "a")), " 1.00 µs  ●  pid 1: a");
        assert_eq!(line(&event(2, None, "b")), " 1.00 µs  │ ●  pid 2: b");
        assert_eq!(
            line(&event(2, Some(End::Exited(0)), &"long ".repeat(8))),
            " 1.00 µs  │ ✕  pid 2: long long long long long\n          │ │      long long long"
        );
        assert_eq!(line(&event(3, None, "c")), " 1.00 µs  │   ●  pid 3: c");
        // An id can come again, for another process.
        assert_eq!(line(&event(2, None, "d")), " 1.00 µs  │   │ ●  pid 2: d");
    }
}
