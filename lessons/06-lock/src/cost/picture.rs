//! What each lock costs, as a picture: a line for each, with a dot for a thread alone and
//! one for threads that contend.

use common::{svg, text};

use super::table::Row;

/// In pixels: the picture's width, and the part of it for the dots.
const WIDTH: f64 = 880.0;
const LEFT: f64 = 220.0;
const RIGHT: f64 = 840.0;
/// The first lock's line, and from one to the next.
const TOP: f64 = 92.0;
const STEP: f64 = 28.0;

/// Added to the style sheet of all pictures.
const STYLE: &str = "
  .between { stroke-width: 3 }
";

pub fn draw(rows: &[Row], cpus: usize) -> String {
    let times = || rows.iter().flat_map(|row| [Some(row.alone), row.contending]).flatten();
    let lowest = times().fold(f64::MAX, f64::min).log10().floor();
    let highest = times().fold(1.0, f64::max).log10().ceil().max(lowest + 1.0);
    let x = |time: f64| LEFT + (RIGHT - LEFT) * (time.log10() - lowest) / (highest - lowest);
    let bottom = TOP + STEP * rows.len() as f64 - STEP / 2.0;

    let mut drawn = String::new();
    for power in lowest as i32..=highest as i32 {
        let time = 10_f64.powi(power);
        let (x, label) = (x(time), text::round_time(time));
        drawn += &format!("<path class='guide' d='M{x:.1} {}V{bottom}'/>\n", TOP - STEP / 2.0);
        drawn += &text_at(x, bottom + 20.0, "middle", "faint", &label);
    }
    for (number, row) in rows.iter().enumerate() {
        let y = TOP + STEP * number as f64;
        drawn += &text_at(LEFT - 16.0, y + 5.0, "end", "", row.name);
        if let Some(contending) = row.contending {
            let (from, to) = (x(row.alone), x(contending));
            drawn += &format!("<path class='rule between' d='M{from:.1} {y}H{to:.1}'/>\n");
            drawn += &format!("<circle class='task1' cx='{to:.1}' cy='{y}' r='6'/>\n");
        }
        drawn += &format!("<circle class='task0' cx='{:.1}' cy='{y}' r='6'/>\n", x(row.alone));
    }
    let contending = format!("a thread on each of {cpus} CPUs");
    for (number, name) in ["a thread alone", &contending].into_iter().enumerate() {
        let (x, y) = (LEFT + 180.0 * number as f64, 58.0);
        drawn += &format!("<circle class='task{number}' cx='{x}' cy='{y}' r='6'/>\n");
        drawn += &text_at(x + 14.0, y + 5.0, "start", "", name);
    }

    let names: Vec<_> = rows.iter().map(|row| row.name).collect();
    let about =
        format!("Two dots for each of {}: times to the right, in powers.", names.join("; "));
    let title = "Time to take a lock, to add one, and to give the lock back";
    svg::page((WIDTH, bottom + 44.0), title, &about, STYLE, &drawn)
}

fn text_at(x: f64, y: f64, anchor: &str, class: &str, text: &str) -> String {
    let text = svg::escaped(text);
    format!("<text class='{class}' x='{x:.1}' y='{y:.1}' text-anchor='{anchor}'>{text}</text>\n")
}
