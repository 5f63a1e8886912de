//! The processes and threads of a trace as a picture, for light and dark pages.

mod marks;
mod words;

use std::collections::HashSet;
use std::time::Duration;

use common::picture::{Canvas, colour, escaped};
use common::text;
use record::{End, Event, Group};

use marks::{draw_legend, draw_mark};
use words::shortened;

/// The most that is drawn: nobody can read a larger picture.
const MOST_ROWS: usize = 60;
const MOST_LANES: usize = 16;

/// In pixels: the picture's width, the margin, where the lanes begin, the room that they
/// have together, the largest distance between two, the height of a row.
const WIDTH: f64 = 880.0;
const MARGIN: f64 = 18.0;
const LEFT: f64 = 88.0;
const LANES: f64 = 400.0;
const FARTHEST: f64 = 110.0;
const STEP: f64 = 26.0;

/// Added to the style sheet of all pictures.
const STYLE: &str = "
  .id { font-size: 12px; font-weight: 600 } .faint { font-size: 13px }
  .guide { stroke-dasharray: 1 4 } .line { stroke-width: 2 } .end { stroke-width: 3 }
  .wait { stroke-width: 10; stroke-opacity: 0.3 }
  .thread { stroke-dasharray: 5 3 } .beyond { stroke-dasharray: 2 4 }
";

/// The events to draw: a row each, in the order in which they came, and a lane for
/// each process and thread, in the order of their births.
#[derive(Default)]
pub struct Picture {
    lanes: Vec<Lane>,
    rows: Vec<Row>,
    /// How many events are not drawn, and the tasks that have no lane.
    left_out: usize,
    without_lane: HashSet<i32>,
}

struct Lane {
    id: i32,
    is_thread: bool,
    name: String,
    /// The parent's lane, and the row of the fork.
    parent: Option<(usize, usize)>,
    end: Option<(End, usize)>,
}

struct Row {
    lane: usize,
    at: Duration,
    /// When it began, of a call that waits.
    began: Option<Duration>,
    says_exit: bool,
    text: String,
}

impl Picture {
    /// Takes in an event.
    pub fn add(&mut self, event: &Event) {
        let known = self.lanes.iter().rposition(|lane| lane.id == event.id && lane.end.is_none());
        if let Some(lane) = known {
            self.learn(lane, event);
        }
        if let (Some(lane), Some(end @ End::Exited(_)), Some(last)) =
            (known, event.end, self.rows.last())
            && last.lane == lane
            && last.says_exit
        {
            // Nothing happened in between: one row says both.
            self.lanes[lane].end = Some((end, self.rows.len() - 1));
            return;
        }
        let full = self.rows.len() == MOST_ROWS;
        let lane = known.or_else(|| if full { None } else { self.new_lane(event.id) });
        if lane.is_none() {
            self.without_lane.insert(event.id);
        }
        let (Some(lane), false) = (lane, full) else {
            self.left_out += 1;
            return;
        };
        self.learn(lane, event);
        let row = self.rows.len();
        if event.group == Group::Fork
            && let Some(child) = event.child
        {
            self.born(child, lane, row);
        }
        self.lanes[lane].end = event.end.map(|end| (end, row));
        self.rows.push(Row {
            lane,
            at: event.at,
            began: event.took.map(|took| event.at.saturating_sub(took)),
            says_exit: event.call.as_deref().is_some_and(|call| call.starts_with("exit")),
            text: match event.end {
                Some(End::Exited(status)) => format!("{}, status {status}", event.text),
                _ => event.text.clone(),
            },
        });
    }

    /// Writes the picture.
    pub fn draw(&self) -> String {
        let place = Place::of(self);
        let mut canvas = Canvas::default();
        for (number, row) in self.rows.iter().enumerate() {
            let y = place.y(number);
            canvas.line("guide", (place.x(row.lane) + 10.0, y), (place.text - 6.0, y));
        }
        for (number, lane) in self.lanes.iter().enumerate() {
            self.draw_lane(&mut canvas, &place, number, lane);
        }
        for (number, row) in self.rows.iter().enumerate() {
            self.draw_row(&mut canvas, &place, number, row);
        }
        let mut below = place.bottom + 26.0;
        if self.left_out > 0 {
            let mut words = format!("… and {}", counted(self.left_out, "more event"));
            if !self.without_lane.is_empty() {
                let without = counted(self.without_lane.len(), "process or thread");
                words += &format!("; {without} without a lane");
            }
            canvas.text("faint", (place.text, below), &words);
            below += STEP;
        }
        draw_legend(&mut canvas, below);
        let name = self.lanes.first().map_or("", |lane| lane.name.as_str());
        let title = format!("{name}: what happened, in order");
        let about = format!(
            "A lane from top to bottom for each of {}. A row for each of {}: \
             the time from the start, a mark in the lane, and what happened.",
            counted(self.lanes.len(), "process or thread"),
            counted(self.rows.len(), "event"),
        );
        canvas.page((WIDTH, below + 24.0), &title, &about, STYLE)
    }

    fn new_lane(&mut self, id: i32) -> Option<usize> {
        (self.lanes.len() < MOST_LANES).then(|| {
            let name = String::new();
            self.lanes.push(Lane { id, is_thread: false, name, parent: None, end: None });
            self.lanes.len() - 1
        })
    }

    fn learn(&mut self, lane: usize, event: &Event) {
        let lane = &mut self.lanes[lane];
        lane.is_thread = event.id != event.process;
        if !event.name.is_empty() && event.end.is_none() {
            lane.name.clone_from(&event.name);
        }
    }

    /// A child that runs first may be known already, or even have ended.
    fn born(&mut self, child: i32, parent: usize, row: usize) {
        let orphan = |lane: &Lane| lane.id == child && lane.parent.is_none();
        match self.lanes.iter().rposition(orphan).or_else(|| self.new_lane(child)) {
            Some(lane) => self.lanes[lane].parent = Some((parent, row)),
            None => {
                self.without_lane.insert(child);
            }
        }
    }

    /// The head of a lane, and the lane from birth to end with its waits.
    fn draw_lane(&self, canvas: &mut Canvas, place: &Place, number: usize, lane: &Lane) {
        let (x, colour) = (place.x(number), colour(number));
        let line = format!("line {colour}");
        place.draw_head(canvas, number, lane);

        let first = self.rows.iter().position(|row| row.lane == number);
        let fork = lane.parent.map(|(_, row)| row);
        let mut top = place.y(first.or(fork).unwrap_or(0));
        canvas.line("guide", (x, place.top - 4.0), (x, top));
        if let Some((parent, fork)) = lane.parent {
            // It branches off at the fork, or before its first row if that came earlier.
            let y = match first {
                Some(first) if first < fork => top - STEP / 2.0,
                _ => place.y(fork),
            };
            let from = place.x(parent);
            let (bend, thread) =
                (x - 8.0 * (x - from).signum(), if lane.is_thread { " thread" } else { "" });
            top = y + 8.0;
            canvas.svg(&format!(
                "<path class='{line}{thread}' \
                 d='M{from:.1} {y:.1}H{bend:.1}Q{x:.1} {y:.1} {x:.1} {top:.1}'/>"
            ));
        }
        let last = match lane.end {
            Some((_, row)) => row,
            None => self.rows.len().saturating_sub(1),
        };
        let bottom = place.y(last).max(top);
        canvas.line(&line, (x, top), (x, bottom));
        if lane.end.is_none() {
            canvas.line(&format!("line beyond {colour}"), (x, bottom), (x, place.bottom + 8.0));
        }
        for (row, waited) in self.rows.iter().enumerate().filter(|(_, row)| row.lane == number) {
            let Some(began) = waited.began else { continue };
            let before = self.rows[..row].iter().filter(|row| row.at <= began).count();
            let begin = (place.y(before) - STEP / 2.0).max(top);
            canvas.line(&format!("wait {colour}"), (x, begin), (x, place.y(row)));
        }
    }

    /// The time, the mark in the lane and the words. The title holds what does not fit.
    fn draw_row(&self, canvas: &mut Canvas, place: &Place, number: usize, row: &Row) {
        let lane = &self.lanes[row.lane];
        let (x, y, time) = (place.x(row.lane), place.y(number), text::time(row.at));
        let end = lane.end.filter(|(_, row)| *row == number).map(|(end, _)| end);
        canvas.group(&format!("{time}, {} {}: {}", lane.kind(), lane.id, row.text), |canvas| {
            canvas.text("faint right", (LEFT - 12.0, y + 5.0), &time);
            draw_mark(canvas, &colour(row.lane), (x, y), end);
            let words = shortened(&row.text, WIDTH - MARGIN - place.text, 14.0);
            canvas.text("", (place.text, y + 5.0), &words);
        });
    }
}

impl Lane {
    fn kind(&self) -> &'static str {
        if self.is_thread { "tid" } else { "pid" }
    }
}

/// Where things are.
struct Place {
    gap: f64,
    /// Whether the heads of the lanes are too wide, and are written aslant.
    aslant: bool,
    /// Where the first row begins and the last one ends.
    top: f64,
    bottom: f64,
    /// Where the words of the rows begin.
    text: f64,
}

impl Place {
    fn of(picture: &Picture) -> Place {
        let lanes = picture.lanes.len().max(1) as f64;
        let gap = (LANES / lanes).min(FARTHEST);
        let longest = picture.lanes.iter().map(|lane| lane.id.to_string().len() + 4).max();
        let aslant = longest.unwrap_or(0) as f64 * 7.6 + 6.0 > gap;
        let top = if aslant { 178.0 } else { 98.0 };
        let bottom = top + STEP * picture.rows.len() as f64;
        Place { gap, aslant, top, bottom, text: LEFT + gap * lanes + 12.0 }
    }

    fn x(&self, lane: usize) -> f64 {
        LEFT + self.gap * (lane as f64 + 0.5)
    }

    fn y(&self, row: usize) -> f64 {
        self.top + STEP * (row as f64 + 0.5)
    }

    fn draw_head(&self, canvas: &mut Canvas, number: usize, lane: &Lane) {
        let (x, id, name) = (self.x(number), format!("{} {}", lane.kind(), lane.id), &lane.name);
        if self.aslant {
            let y = self.top - 10.0;
            let name = escaped(&shortened(name, 80.0, 13.0));
            canvas.svg(&format!(
                "<text class='id' x='{x:.1}' y='{y}' transform='rotate(-45 {x:.1} {y})'>{id} \
                 <tspan class='faint' font-weight='400'>{name}</tspan></text>"
            ));
        } else {
            let name = shortened(name, self.gap - 6.0, 13.0);
            canvas.text("id centred", (x, self.top - 30.0), &id);
            canvas.text("faint centred", (x, self.top - 12.0), &name);
        }
    }
}

fn counted(number: usize, what: &str) -> String {
    match (number, what) {
        (1, _) => format!("1 {what}"),
        (_, "process or thread") => format!("{number} processes and threads"),
        _ => format!("{number} {what}s"),
    }
}

#[cfg(test)]
mod tests;
