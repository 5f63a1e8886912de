//! Events as lines of text, with lanes before them on a terminal.

use std::collections::HashSet;
use std::io::{IsTerminal, stdout};

use common::text;
use xtask::record::{End, Event};

/// Lanes are drawn up to this one; what is further to the right has none.
const MOST_LANES: usize = 12;

/// Prints events as they come.
pub struct Rows {
    /// The task in each lane; a lane is free again when its task has ended.
    lanes: Option<Vec<Option<i32>>>,
    /// The tasks that have said themselves that they end.
    exiting: HashSet<i32>,
    /// Whether the ends of tasks are shown. They are told in any case.
    ends: bool,
    colour: bool,
    width: usize,
}

impl Rows {
    /// Lanes are drawn on a terminal, in colour unless NO_COLOR is set. `ends`: whether
    /// the ends of tasks were asked for.
    pub fn new(ends: bool) -> Rows {
        let terminal = stdout().is_terminal();
        let colour = terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        Rows {
            lanes: terminal.then(Vec::new),
            exiting: HashSet::new(),
            ends,
            colour,
            width: text::width(),
        }
    }

    /// Prints an event.
    pub fn print(&mut self, event: &Event) {
        let ended = event.end.is_some();
        // A task that said it exits needs no second line for that.
        let told_before =
            matches!(event.end, Some(End::Exited(_))) && self.exiting.contains(&event.id);
        if !told_before && (self.ends || !ended) {
            println!("{}", self.line(event));
        }
        if event.call.as_deref().is_some_and(|call| call.starts_with("exit")) {
            self.exiting.insert(event.id);
            if event.call.as_deref() == Some("exit_group") {
                self.exiting.insert(event.process);
            }
        }
        if ended {
            self.exiting.remove(&event.id);
            for lane in self.lanes.iter_mut().flatten() {
                if *lane == Some(event.id) {
                    *lane = None;
                }
            }
        }
    }

    fn line(&mut self, event: &Event) -> String {
        let id = match event.id == event.process {
            true => format!("pid {}", event.id),
            false => format!("tid {} {}", event.id, event.name),
        };
        let Event { text, .. } = event;
        let time = text::time(event.at);
        let Some(lanes) = &mut self.lanes else {
            return format!("{time:>8}  {id}: {text}");
        };
        let own = lanes.iter().position(|lane| *lane == Some(event.id)).unwrap_or_else(|| {
            let free = lanes.iter().position(Option::is_none).unwrap_or_else(|| {
                lanes.push(None);
                lanes.len() - 1
            });
            lanes[free] = Some(event.id);
            free
        });
        let mark = match event.end {
            Some(_) => '✕',
            None => '●',
        };
        let mut drawn = String::new();
        let mut drawn_width = 0;
        for (place, lane) in lanes.iter().enumerate().take(MOST_LANES) {
            let piece = match lane {
                _ if place == own => mark,
                Some(_) => '│',
                None => ' ',
            };
            drawn += &painted(piece, place, self.colour);
            drawn_width += 2;
        }
        let words = format!("{id}: {text}");
        let room = self.width.saturating_sub(8 + 2 + drawn_width + 1).max(20);
        let shown: String = if words.chars().count() > room {
            words.chars().take(room - 1).chain(['…']).collect()
        } else {
            words
        };
        format!("{time:>8}  {drawn} {shown}")
    }
}

/// A piece of a lane, in the lane's colour.
fn painted(piece: char, lane: usize, colour: bool) -> String {
    match colour {
        true => format!("\x1b[{}m{piece}\x1b[0m ", 31 + lane % 6),
        false => format!("{piece} "),
    }
}
