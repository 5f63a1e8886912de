//! A diagram of measurements: lines over two axes, each in powers.

use std::time::Duration;

use super::{COLOURS, Canvas, LogAxis, colour};

/// In pixels: the picture, and its part for the lines.
const SIZE: (f64, f64) = (880.0, 420.0);
const LEFT: f64 = 90.0;
const RIGHT: f64 = 730.0;
const TOP: f64 = 70.0;
const BOTTOM: f64 = 350.0;

/// Added to the style sheet of all pictures.
const STYLE: &str = "
  .line { stroke-width: 2 } .name { font-weight: 600; fill: currentColor } .faint { font-size: 13px }
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
    /// The name of each line, and a time for each size, or for the first few sizes if the
    /// line ends early. No more lines than there are colours.
    pub lines: &'a [(&'a str, Vec<Duration>)],
}

impl Plot<'_> {
    /// Draws it. Both axes are logarithmic: a line that rises by a step to the right
    /// grows as the size does.
    ///
    /// # Panics
    /// If there is no size, or a line has no time, or more than there are sizes, or if there are
    /// more lines than colours.
    pub fn draw(&self) -> String {
        assert!(self.lines.len() <= COLOURS, "{} lines", self.lines.len());
        let longest = self.lines.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
        let right = RIGHT.min(SIZE.0 - 24.0 - 8.5 * longest as f64);
        let sizes = LogAxis::new([self.x[0].0, self.x[self.x.len() - 1].0], [LEFT, right]);
        let all = self.lines.iter().flat_map(|(_, times)| times.iter().map(nanoseconds));
        let times = LogAxis::of_times(all, [BOTTOM, TOP]);

        let mut canvas = Canvas::default();
        for (y, label) in times.decades() {
            canvas.line("guide", (LEFT, y), (right, y));
            canvas.text("faint right", (LEFT - 10.0, y + 5.0), &label);
        }
        for (size, label) in self.x {
            let x = sizes.place(*size);
            canvas.line("guide", (x, TOP), (x, BOTTOM));
            canvas.text("faint centred", (x, BOTTOM + 22.0), label);
        }
        let middle = (LEFT + right) / 2.0;
        canvas.text("faint centred", (middle, BOTTOM + 48.0), self.sizes);

        let mut ends = Vec::new();
        for (number, (name, line)) in self.lines.iter().enumerate() {
            let fits = (1..=self.x.len()).contains(&line.len());
            assert!(fits, "{name}: {} times", line.len());
            let points: Vec<_> = (self.x.iter().zip(line))
                .map(|((size, _), time)| (sizes.place(*size), times.place(nanoseconds(time))))
                .collect();
            canvas.lines(&format!("line {}", colour(number)), &points);
            for &point in &points {
                canvas.circle(&colour(number), point, 4.0);
            }
            ends.push(points[points.len() - 1].1);
        }
        for (number, y) in apart(&ends).into_iter().enumerate() {
            let class = format!("name {}", colour(number));
            let place = (right + 14.0, y + 5.0);
            canvas.text(&class, place, self.lines[number].0);
        }

        let names: Vec<_> = self.lines.iter().map(|(name, _)| *name).collect();
        let labels: Vec<_> = times.decades().map(|(_, label)| label).collect();
        let about = format!(
            "A line for each of {}: times from {} to {} upwards, {} to the right, both in powers.",
            names.join(", "),
            labels[0],
            labels[labels.len() - 1],
            self.sizes
        );
        canvas.page(SIZE, self.title, &about, STYLE)
    }
}

fn nanoseconds(time: &Duration) -> f64 {
    (time.as_nanos() as f64).max(1.0)
}

/// Heights for the names of lines: each as near to its line's end as possible, without
/// overlaps.
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
    // What was pushed out at the bottom moves up again.
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
        assert!(drawn.contains("d='M90 350L410 210L730 70'"), "{drawn}");
        assert!(drawn.contains("d='M90 350L410 350L730 350'"), "{drawn}");
        assert!(
            drawn.contains(">10 µs<") && drawn.contains(">1 ms<") && drawn.contains("a &amp; b")
        );
        assert!(drawn.contains("&lt;16") && !drawn.contains("NaN"), "{drawn}");
    }
}
