//! What each lock costs, as a picture: a line for each, with a dot for a thread alone and
//! a dot for threads that contend.

use common::picture::{Canvas, LogAxis};

use super::table::Row;

/// In pixels: the picture's width, and the part of it for the dots.
const WIDTH: f64 = 880.0;
const LEFT: f64 = 220.0;
const RIGHT: f64 = 840.0;
/// The first lock's line, and the distance from line to line.
const TOP: f64 = 92.0;
const STEP: f64 = 28.0;

/// Added to the style sheet of all pictures.
const STYLE: &str = "
  .between { stroke-width: 3 }
";

pub fn draw(rows: &[Row], cpus: usize) -> String {
    let times = rows.iter().flat_map(|row| [Some(row.alone), row.contending]).flatten();
    let axis = LogAxis::of_times(times, [LEFT, RIGHT]);
    let top = TOP - STEP / 2.0;
    let bottom = top + STEP * rows.len() as f64;

    let mut canvas = Canvas::default();
    for (x, label) in axis.decades() {
        canvas.line("guide", (x, top), (x, bottom));
        canvas.text("faint centred", (x, bottom + 20.0), &label);
    }
    for (number, row) in rows.iter().enumerate() {
        let (x, y) = (axis.place(row.alone), TOP + STEP * number as f64);
        canvas.text("right", (LEFT - 16.0, y + 5.0), row.name);
        if let Some(contending) = row.contending {
            let end = (axis.place(contending), y);
            canvas.line("rule between", (x, y), end);
            canvas.circle("task1", end, 6.0);
        }
        canvas.circle("task0", (x, y), 6.0);
    }
    let contending = format!("a thread on each of {cpus} CPUs");
    for (x, class, name) in
        [(LEFT, "task0", "a thread alone"), (LEFT + 180.0, "task1", &contending)]
    {
        canvas.circle(class, (x, 58.0), 6.0);
        canvas.text("", (x + 14.0, 63.0), name);
    }

    let names: Vec<_> = rows.iter().map(|row| row.name).collect();
    let about =
        format!("Two dots for each of {}: times to the right, in powers.", names.join("; "));
    let title = "Time to take a lock, to add one, and to give the lock back";
    canvas.page((WIDTH, bottom + 44.0), title, &about, STYLE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_dot_is_where_its_time_is() {
        let rows = [
            Row { name: "first", lock: "", alone: 10.0, contending: Some(1000.0) },
            Row { name: "second", lock: "", alone: 100.0, contending: Some(10.0) },
        ];
        let drawn = draw(&rows, 2);
        let number = |text: &str, name: &str| {
            let rest = text.split_once(&format!("{name}='")).expect(text).1;
            rest.split('\'').next().unwrap().parse::<f64>().expect(text)
        };
        let dots = drawn.split("<circle").skip(1).map(|dot| {
            let class = if dot.contains("task0") { "alone" } else { "contending" };
            (class, number(dot, "cx"), number(dot, "cy"))
        });
        let dots: Vec<_> = dots.collect();
        // The last two explain the colours.
        let [first, first_alone, second, second_alone, ..] = dots[..] else { panic!("{dots:?}") };
        assert_eq!(dots.len(), 2 * 2 + 2);
        let classes = [first, first_alone, second, second_alone].map(|dot| dot.0);
        assert_eq!(classes, ["contending", "alone"].repeat(2)[..]);
        assert!(first.2 == first_alone.2 && second.2 == second_alone.2 && first.2 < second.2);
        // Ten times as long is as far again.
        let [ten, hundred, thousand] = [first_alone.1, second_alone.1, first.1];
        assert_eq!(second.1, ten);
        assert!(ten < hundred && (thousand - hundred - (hundred - ten)).abs() < 0.2, "{dots:?}");
    }
}
