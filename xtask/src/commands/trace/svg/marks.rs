//! The marks of a picture, and what they mean.

use common::picture::{Canvas, Point};
use record::End;

use super::LEFT;

/// A dot; a bar where the task exits; a cross where it is killed.
pub fn draw_mark(canvas: &mut Canvas, colour: &str, (x, y): Point, end: Option<End>) {
    let class = format!("end {colour}");
    match end {
        None => canvas.circle(colour, (x, y), 5.0),
        Some(End::Exited(_) | End::Replaced) => canvas.line(&class, (x - 9.0, y), (x + 9.0, y)),
        Some(End::Killed(_)) => {
            canvas.line(&class, (x - 6.0, y - 6.0), (x + 6.0, y + 6.0));
            canvas.line(&class, (x + 6.0, y - 6.0), (x - 6.0, y + 6.0));
        }
    }
}

/// What the lines and marks mean.
pub fn draw_legend(canvas: &mut Canvas, y: f64) {
    let x = |number: usize| LEFT + 150.0 * number as f64;
    let mut line = |number, class| canvas.line(class, (x(number), y), (x(number) + 28.0, y));
    line(0, "line rule");
    line(1, "line thread rule");
    line(2, "line rule");
    line(2, "wait rule");
    draw_mark(canvas, "rule", (x(3) + 14.0, y), Some(End::Exited(0)));
    draw_mark(canvas, "rule", (x(4) + 14.0, y), Some(End::Killed(9)));
    let meanings = ["new process", "new thread", "waits", "exits", "is killed"];
    for (number, words) in meanings.into_iter().enumerate() {
        canvas.text("faint", (x(number) + 36.0, y + 5.0), words);
    }
}
