//! Recordings as a picture, for light and dark pages.

use std::collections::BTreeSet;
use std::time::Duration;

use common::picture::{self, Canvas};

use crate::Slice;

/// In pixels: the picture's width, and the margins beside the lanes.
const WIDTH: f64 = 880.0;
const LEFT: f64 = 96.0;
const RIGHT: f64 = 24.0;
/// The first lane's top; a lane's height; the distance from lane to lane.
const TOP: f64 = 58.0;
const LANE: f64 = 34.0;
const STEP: f64 = 44.0;

/// What to draw.
pub struct Picture<'a> {
    /// Its title.
    pub title: &'a str,
    /// What it shows, in words, for a reader who cannot see it.
    pub about: &'a str,
    /// From top to bottom.
    pub lanes: Vec<Lane<'a>>,
    /// The time that a lane shows.
    pub length: Duration,
    /// Lengths of time to compare the slices with, and what they are.
    pub rules: &'a [(Duration, String)],
}

/// A task's lane: coloured while it runs.
pub struct Lane<'a> {
    /// Written beside it.
    pub name: &'a str,
    /// The number of its colour.
    pub colour: usize,
    /// The instant at its left edge.
    pub start: Duration,
    /// When the task ran.
    pub slices: &'a [Slice],
}

impl Picture<'_> {
    /// Draws it.
    pub fn draw(&self) -> String {
        let bottom = TOP + STEP * self.lanes.len() as f64;
        let mut canvas = Canvas::default();
        canvas.text("faint right", (WIDTH - RIGHT, 33.0), "time in ms");
        for time in ticks(self.length) {
            let (x, label) = (self.x(time), time.as_millis().to_string());
            canvas.line("guide", (x, TOP - 6.0), (x, bottom));
            canvas.text("faint centred", (x, bottom + 18.0), &label);
        }
        for (number, lane) in self.lanes.iter().enumerate() {
            let top = TOP + STEP * number as f64;
            canvas.text("", (18.0, top + LANE / 2.0 + 5.0), lane.name);
            canvas.rect("lane", (LEFT, top), (self.x(self.length), top + LANE));
            let class = picture::colour(lane.colour);
            for slice in lane.slices {
                let (left, right) = (slice.start - lane.start, slice.end - lane.start);
                canvas.rect(&class, (self.x(left), top), (self.x(right), top + LANE));
            }
        }
        self.draw_legend(&mut canvas, bottom + 52.0);
        canvas.page((WIDTH, bottom + 84.0), self.title, self.about, "")
    }

    /// What the colours mean, and the lengths to compare with.
    fn draw_legend(&self, canvas: &mut Canvas, top: f64) {
        let classes: BTreeSet<_> =
            self.lanes.iter().map(|lane| picture::colour(lane.colour)).collect();
        let (baseline, bottom) = (top + 13.0, top + 16.0);
        let mut left = LEFT;
        for class in classes {
            canvas.rect(&class, (left, top), (left + 14.0, bottom));
            left += 14.0;
        }
        canvas.text("", (left + 8.0, baseline), "runs");
        canvas.rect("lane", (left + 68.0, top), (left + 98.0, bottom));
        canvas.text("", (left + 106.0, baseline), "does not run");
        left += 226.0;
        for (time, words) in self.rules {
            let right = left + (self.x(*time) - LEFT).min(120.0);
            canvas.rect("rule", (left, top + 5.0), (right, top + 11.0));
            canvas.text("", (right + 8.0, baseline), words);
            left = right + 203.0;
        }
    }

    fn x(&self, time: Duration) -> f64 {
        LEFT + (WIDTH - LEFT - RIGHT) * time.div_duration_f64(self.length)
    }
}

/// Times for the axis: as dense as possible, but at most 12 steps.
fn ticks(length: Duration) -> impl Iterator<Item = Duration> {
    let steps = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000].map(Duration::from_millis);
    let step = steps.into_iter().find(|step| *step * 12 >= length).unwrap_or(length);
    (0..=12).map(move |number| step * number).take_while(move |time| *time <= length)
}

#[cfg(test)]
mod tests;
