//! A diagram of measurements: lines over two axes, each in powers.

use std::time::Duration;

use crate::svg::{COLOURS, escaped, page};
use crate::text;

/// In pixels: the picture, and its part for the lines.
const SIZE: (f64, f64) = (880.0, 420.0);
const LEFT: f64 = 90.0;
const RIGHT: f64 = 730.0;
const TOP: f64 = 70.0;
const BOTTOM: f64 = 350.0;

/// Added to the style sheet of all pictures.
const STYLE: &str = "
  .line { stroke-width: 2 } .line.again { stroke-dasharray: 7 4 } .name { font-weight: 600; fill: currentColor } .faint { font-size: 13px }
";

/// What to draw: how long something took, over sizes.
#[derive(Debug)]
pub struct Plot<'a> {
    /// Its title.
    pub title: &'a str,
    /// What the sizes are: `memory in use`.
    pub sizes: &'a str,
    /// The sizes in ascending order, all above 0, and how each is written.
    pub x: &'a [(f64, String)],
    /// What each line is called, and a time for each size; or for the first few, if it
    /// goes no further.
    pub lines: &'a [(&'a str, Vec<Duration>)],
}

impl Plot<'_> {
    /// Draws it. Both axes are logarithmic: a line that rises by a step to the right
    /// grows as the size does.
    ///
    /// # Panics
    /// If there is no size, or a line has no time, or more than there are sizes.
    pub fn draw(&self) -> String {
        let times = || self.lines.iter().flat_map(|(_, times)| times.iter().map(nanoseconds));
        let lowest = 10_f64.powf(times().fold(f64::MAX, f64::min).log10().floor());
        let highest = 10_f64.powf(times().fold(1.0, f64::max).log10().ceil()).max(lowest * 10.0);
        let (first, last) = (self.x[0].0, self.x[self.x.len() - 1].0);
        // With dashes a piece of the line stands before its name.
        let sample = if self.lines.len() > COLOURS { 26.0 } else { 0.0 };
        let longest = self.lines.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
        let right = RIGHT.min(SIZE.0 - 24.0 - sample - 8.5 * longest as f64);
        let x = |size: f64| LEFT + (right - LEFT) * share(size, first, last);
        let y = |time: f64| BOTTOM - (BOTTOM - TOP) * share(time, lowest, highest);

        let mut drawn = String::new();
        let decades = (highest / lowest).log10().round() as i32;
        for time in (0..=decades).map(|decade| lowest * 10_f64.powi(decade)) {
            let (y, label) = (y(time), text::round_time(time));
            drawn += &format!("<path class='guide' d='M{LEFT} {y:.1}H{right}'/>\n");
            drawn += &label_at(LEFT - 10.0, y + 5.0, "end", &label);
        }
        for (size, label) in self.x {
            drawn += &format!("<path class='guide' d='M{:.1} {TOP}V{BOTTOM}'/>\n", x(*size));
            drawn += &label_at(x(*size), BOTTOM + 22.0, "middle", label);
        }
        drawn += &label_at((LEFT + right) / 2.0, BOTTOM + 48.0, "middle", self.sizes);

        let mut ends: Vec<f64> = Vec::new();
        for (number, (name, times)) in self.lines.iter().enumerate() {
            let fits = (1..=self.x.len()).contains(&times.len());
            assert!(fits, "{name}: {} times", times.len());
            let colour = colour(number);
            let points =
                self.x.iter().zip(times).map(|((size, _), time)| (x(*size), y(nanoseconds(time))));
            let path: Vec<_> = points.map(|(x, y)| format!("{x:.1} {y:.1}")).collect();
            drawn += &format!("<path class='line task{colour}' d='M{}'/>\n", path.join("L"));
            for point in &path {
                let (x, y) = point.split_once(' ').expect("two numbers");
                drawn += &format!("<circle class='task{colour}' cx='{x}' cy='{y}' r='4'/>\n");
            }
            ends.push(y(nanoseconds(&times[times.len() - 1])));
        }
        for (number, end) in apart(&ends).into_iter().enumerate() {
            let (x, y, colour) = (right + 14.0 + sample, end + 5.0, colour(number));
            if sample > 0.0 {
                drawn += &format!(
                    "<path class='line task{colour}' d='M{} {end:.1}h22'/>\n",
                    right + 12.0
                );
            }
            let name = escaped(self.lines[number].0);
            drawn += &format!("<text class='name task{colour}' x='{x}' y='{y:.1}'>{name}</text>\n");
        }

        let names: Vec<_> = self.lines.iter().map(|(name, _)| *name).collect();
        let about = format!(
            "A line for each of {}: times from {} to {} upwards, {} to the right, both in powers.",
            names.join(", "),
            text::round_time(lowest),
            text::round_time(highest),
            self.sizes
        );
        page(SIZE, self.title, &about, STYLE, &drawn)
    }
}

/// The class of a line: when the colours are used up, they come again with dashes.
fn colour(number: usize) -> String {
    let again = if number < COLOURS { "" } else { " again" };
    format!("{}{again}", number % COLOURS)
}

fn nanoseconds(time: &Duration) -> f64 {
    (time.as_nanos() as f64).max(1.0)
}

/// Where a value stands between two others, in powers: 0 to 1.
fn share(value: f64, first: f64, last: f64) -> f64 {
    if first == last { 0.5 } else { (value / first).ln() / (last / first).ln() }
}

fn label_at(x: f64, y: f64, anchor: &str, text: &str) -> String {
    let text = escaped(text);
    format!("<text class='faint' x='{x:.1}' y='{y:.1}' text-anchor='{anchor}'>{text}</text>\n")
}

/// Heights for the names of lines: each as near to its line's end as can be, and none
/// upon another.
fn apart(ends: &[f64]) -> Vec<f64> {
    const ROOM: f64 = 18.0;
    let mut order: Vec<usize> = (0..ends.len()).collect();
    order.sort_by(|&a, &b| ends[a].total_cmp(&ends[b]));
    let mut heights = ends.to_vec();
    let mut next = f64::MIN;
    for &line in &order {
        heights[line] = heights[line].max(next);
        next = heights[line] + ROOM;
    }
    // What was pushed out at the bottom goes up again.
    let mut most = BOTTOM;
    for &line in order.iter().rev() {
        heights[line] = heights[line].min(most);
        most = heights[line] - ROOM;
    }
    heights
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_keep_their_distance_and_stay_in_the_picture() {
        for ends in
            [vec![], vec![100.0], vec![100.0, 101.0, 100.0], vec![349.0, 350.0, 350.0, 90.0]]
        {
            let mut heights = apart(&ends);
            heights.sort_by(f64::total_cmp);
            assert!(heights.windows(2).all(|pair| pair[1] - pair[0] > 17.9), "{heights:?}");
            assert!(heights.iter().all(|&height| height <= BOTTOM), "{heights:?}");
        }
        assert_eq!(apart(&[300.0, 100.0]), [300.0, 100.0]);
    }

    #[test]
    fn a_line_rises_with_its_times() {
        let us = Duration::from_micros;
        let x = [(1.0, "1 MiB".to_owned()), (4.0, "4 MiB".to_owned()), (16.0, "<16".to_owned())];
        let lines = [("grows", vec![us(10), us(100), us(1000)]), ("stays", vec![us(10); 3])];
        let drawn = Plot { title: "a & b", sizes: "memory", x: &x, lines: &lines }.draw();
        assert!(drawn.contains("d='M90.0 350.0L410.0 210.0L730.0 70.0'"), "{drawn}");
        assert!(drawn.contains("d='M90.0 350.0L410.0 350.0L730.0 350.0'"), "{drawn}");
        assert!(
            drawn.contains(">10 µs<") && drawn.contains(">1 ms<") && drawn.contains("a &amp; b")
        );
        assert!(drawn.contains("&lt;16") && !drawn.contains("NaN"), "{drawn}");
    }
}
