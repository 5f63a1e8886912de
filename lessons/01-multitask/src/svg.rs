//! The turns of tasks on one CPU as a picture, for light and dark pages.

use std::time::Duration;

use common::{svg, text};

use crate::recording::Slice;
use crate::slices;

/// The picture's width, and the part of it that stands for time, in pixels.
const WIDTH: f64 = 880.0;
const LEFT: f64 = 96.0;
const RIGHT: f64 = 24.0;
/// The first lane's top; a lane's height; the distance from lane to lane.
const TOP: f64 = 58.0;
const LANE: f64 = 34.0;
const STEP: f64 = 44.0;

/// Draws a lane for each task, with the slices from `start` to `end`, beside the
/// notes' slice of 0.01 s.
pub fn draw(names: &[&str], tasks: &[&[Slice]], start: Duration, end: Duration) -> String {
    let scale = (WIDTH - LEFT - RIGHT) / (end - start).as_secs_f64();
    let x = |time: Duration| LEFT + scale * time.as_secs_f64();
    let bottom = TOP + STEP * names.len() as f64;
    let height = bottom + 84.0;

    let ticks = ticks(end - start).map(|time| {
        let (x, top, text_y) = (x(time), TOP - 6.0, bottom + 18.0);
        let label = time.as_millis();
        format!(
            "<path class='guide' d='M{x:.2} {top}V{bottom}'/>\n\
             <text class='faint' x='{x:.2}' y='{text_y}' text-anchor='middle'>{label}</text>\n"
        )
    });
    let lanes = names.iter().zip(tasks).enumerate().map(|(number, (name, slices))| {
        let top = TOP + STEP * number as f64;
        let name = format!("<text x='18' y='{}'>{name}</text>\n", top + LANE / 2.0 + 5.0);
        let lane = rect("lane", LEFT, top, x(end - start), LANE);
        let slices = slices.iter().map(|slice| {
            rect(&format!("task{number}"), x(slice.start - start), top, x(slice.end - start), LANE)
        });
        name + &lane + &slices.collect::<String>()
    });
    let median = slices::median(tasks.iter().copied().flatten());
    let legend = legend(bottom + 52.0, scale, median);

    let title = "Tasks take turns on one CPU";
    let about = format!(
        "A lane for each of {}: coloured while the task runs. At no time are two lanes coloured.",
        names.join(", ")
    );
    let unit = format!(
        "<text class='faint' x='{}' y='33' text-anchor='end'>time in ms</text>\n",
        WIDTH - RIGHT
    );
    let drawn = unit + &ticks.collect::<String>() + &lanes.collect::<String>() + &legend;
    svg::page((WIDTH, height), title, &about, "", &drawn)
}

/// What the colours mean, and two lengths to compare the slices with.
fn legend(top: f64, scale: f64, median: Duration) -> String {
    let text =
        |x: f64, words: &str| format!("<text x='{x:.2}' y='{}'>{words}</text>\n", top + 13.0);
    let colours = (0..3).map(|number| {
        let left = LEFT + 14.0 * f64::from(number);
        rect(&format!("task{number}"), left, top, left + 14.0, 16.0)
    });
    let mut legend = colours.collect::<String>() + &text(LEFT + 50.0, "runs");
    legend += &(rect("lane", LEFT + 110.0, top, LEFT + 140.0, 16.0) + &text(LEFT + 148.0, "waits"));
    let mut left = LEFT + 228.0;
    for (time, words) in [
        (median, format!("median slice, {}", text::time(median))),
        (Duration::from_millis(10), "slice in the notes, 0.01 s".to_owned()),
    ] {
        let right = left + (scale * time.as_secs_f64()).min(120.0);
        legend += &(rect("rule", left, top + 5.0, right, 6.0) + &text(right + 8.0, &words));
        left = right + 8.0 + 195.0;
    }
    legend
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
