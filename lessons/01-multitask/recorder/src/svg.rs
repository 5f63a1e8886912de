//! Recordings as a picture, for light and dark pages.

use std::time::Duration;

use common::svg;

use crate::recording::Slice;

/// The picture's width, and the part of it that stands for time, in pixels.
const WIDTH: f64 = 880.0;
const LEFT: f64 = 96.0;
const RIGHT: f64 = 24.0;
/// The first lane's top; a lane's height; the distance from lane to lane.
const TOP: f64 = 58.0;
const LANE: f64 = 34.0;
const STEP: f64 = 44.0;

/// What is to be drawn.
pub struct Picture<'a> {
    /// What stands above it.
    pub title: &'a str,
    /// What it shows, in words, for those who cannot see it.
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
    /// What stands beside it.
    pub name: &'a str,
    /// Which of the colours it has.
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
        let ticks = ticks(self.length).map(|time| {
            let (x, top, text_y) = (self.x(time), TOP - 6.0, bottom + 18.0);
            let label = time.as_millis();
            format!(
                "<path class='guide' d='M{x:.2} {top}V{bottom}'/>\n\
                 <text class='faint' x='{x:.2}' y='{text_y}' text-anchor='middle'>{label}</text>\n"
            )
        });
        let lanes = self.lanes.iter().enumerate().map(|(number, lane)| {
            let top = TOP + STEP * number as f64;
            let name = text(18.0, top + LANE / 2.0 + 5.0, lane.name);
            let slices = lane.slices.iter().map(|slice| {
                let (left, right) = (slice.start - lane.start, slice.end - lane.start);
                rect(&class(lane.colour), self.x(left), top, self.x(right), LANE)
            });
            name + &rect("lane", LEFT, top, self.x(self.length), LANE) + &slices.collect::<String>()
        });
        let unit = format!(
            "<text class='faint' x='{}' y='33' text-anchor='end'>time in ms</text>\n",
            WIDTH - RIGHT
        );
        let drawn = unit
            + &ticks.collect::<String>()
            + &lanes.collect::<String>()
            + &self.legend(bottom + 52.0);
        svg::page((WIDTH, bottom + 84.0), self.title, self.about, "", &drawn)
    }

    /// What the colours mean, and the lengths to compare with.
    fn legend(&self, top: f64) -> String {
        let mut colours: Vec<_> = self.lanes.iter().map(|it| it.colour % svg::COLOURS).collect();
        colours.sort_unstable();
        colours.dedup();
        let mut left = LEFT;
        let mut legend = String::new();
        for colour in colours {
            legend += &rect(&class(colour), left, top, left + 14.0, 16.0);
            left += 14.0;
        }
        let baseline = top + 13.0;
        legend += &text(left + 8.0, baseline, "runs");
        legend += &rect("lane", left + 68.0, top, left + 98.0, 16.0);
        legend += &text(left + 106.0, baseline, "does not run");
        left += 226.0;
        for (time, words) in self.rules {
            let right = left + (self.x(*time) - LEFT).min(120.0);
            legend += &rect("rule", left, top + 5.0, right, 6.0);
            legend += &text(right + 8.0, baseline, words);
            left = right + 203.0;
        }
        legend
    }

    fn x(&self, time: Duration) -> f64 {
        LEFT + (WIDTH - LEFT - RIGHT) * time.div_duration_f64(self.length)
    }
}

fn class(colour: usize) -> String {
    format!("task{}", colour % svg::COLOURS)
}

fn text(x: f64, y: f64, words: &str) -> String {
    format!("<text x='{x:.2}' y='{y}'>{}</text>\n", svg::escaped(words))
}

/// Both edges are rounded, not the width: what does not overlap stays so.
fn rect(class: &str, left: f64, top: f64, right: f64, height: f64) -> String {
    let hundredths = |x: f64| (x * 100.0).round();
    let (x, width) = (hundredths(left) / 100.0, (hundredths(right) - hundredths(left)) / 100.0);
    format!("<rect class='{class}' x='{x}' y='{top}' width='{width}' height='{height}'/>\n")
}

/// Times for the axis: as dense as possible, but at most 12 steps.
fn ticks(length: Duration) -> impl Iterator<Item = Duration> {
    let steps = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000].map(Duration::from_millis);
    let step = steps.into_iter().find(|step| *step * 12 >= length).unwrap_or(length);
    (0..=12).map(move |number| step * number).take_while(move |time| *time <= length)
}

#[cfg(test)]
mod tests;
