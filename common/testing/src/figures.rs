//! Figures that a demo prints or draws, as numbers again.

use std::time::Duration;

/// The seconds of a time as a demo prints it: `980 µs`. Not a `Duration`, which has no part of a
/// nanosecond.
///
/// # Panics
/// If it is not one.
pub fn seconds(text: &str) -> f64 {
    let mut words = text.split_whitespace();
    let time = words.next().zip(words.next()).and_then(|(number, unit)| time(number, unit));
    time.unwrap_or_else(|| panic!("not a time: {text:?}"))
}

/// The times in a line, in their order, in seconds.
pub fn times(line: &str) -> Vec<f64> {
    let words: Vec<_> = line.split_whitespace().collect();
    words.windows(2).filter_map(|pair| time(pair[0], pair[1])).collect()
}

fn time(number: &str, unit: &str) -> Option<f64> {
    let unit = match unit.trim_end_matches(|it: char| !it.is_alphabetic()) {
        "ns" => 1e-9,
        "µs" => 1e-6,
        "ms" => 1e-3,
        "s" => 1.0,
        _ => return None,
    };
    Some(number.parse::<f64>().ok()? * unit)
}

/// Checks a time that a demo has printed, in seconds, against what happened inside of it and around
/// it. That holds on a busy machine too.
///
/// # Panics
/// If it does not lie between them.
#[track_caller]
pub fn assert_between(inside: Duration, printed: f64, around: Duration) {
    // Three digits are printed, and a record has whole microseconds.
    let (rounded, microseconds) = (0.006, 5e-6);
    assert!(
        inside.as_secs_f64() * (1.0 - rounded) - microseconds <= printed
            && printed <= around.as_secs_f64() * (1.0 + rounded) + microseconds,
        "{printed} s is not from {inside:?} to {around:?}"
    );
}

/// Whether two figures are the same but for what is rounded: three digits are printed, and a
/// picture has hundredths of a pixel.
pub fn are_close(one: f64, other: f64) -> bool {
    (one - other).abs() <= 0.006 * one.abs().max(other.abs())
}

/// The lines of a picture of times, as `Plot` draws them: for each its times in seconds, read
/// from where its points are and from the labels of the axis.
///
/// # Panics
/// If it is not such a picture.
pub fn drawn_times(svg: &str) -> Vec<Vec<f64>> {
    let attribute = |line: &str, name: &str| -> f64 {
        let (_, rest) = line.split_once(&format!(" {name}='")).expect("it has a place");
        rest.split('\'').next().unwrap().parse().expect("it is a number")
    };
    let labels: Vec<(f64, f64)> = svg
        .lines()
        .filter(|line| line.starts_with("<text class='faint right'"))
        .map(|line| {
            let label = line.split(['>', '<']).nth(2).unwrap();
            // The text's line is a little below what it names.
            (attribute(line, "y") - 5.0, seconds(label).ln())
        })
        .collect();
    let (first, last) = (labels[0], labels[labels.len() - 1]);
    let time = |y: f64| (first.1 + (y - first.0) * (last.1 - first.1) / (last.0 - first.0)).exp();

    let mut lines: Vec<Vec<f64>> = Vec::new();
    for line in svg.lines() {
        if line.starts_with("<path class='line") {
            lines.push(Vec::new());
        } else if line.starts_with("<circle") {
            lines.last_mut().expect("a line before its points").push(time(attribute(line, "cy")));
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use common::picture::Plot;

    use super::*;

    #[test]
    fn a_time_is_read_as_it_is_written() {
        for nanoseconds in [31, 999_400, 999_600, 3_974_000, 45_070_000, 1_020_000_000] {
            let time = Duration::from_nanos(nanoseconds);
            assert!(are_close(seconds(&common::text::time(time)), time.as_secs_f64()));
        }
        assert_eq!(seconds(" 50.0 ms; and more"), 0.05);
        assert_eq!(times("2 of them: 1.5 s, then 250 ms: ≈ 75 times 3"), [1.5, 0.25]);
    }

    #[test]
    fn a_time_is_between_two_others_or_not() {
        let [inside, around] = [100, 300].map(Duration::from_millis);
        for printed in [0.0995, 0.2, 0.301] {
            assert_between(inside, printed, around);
        }
        for printed in [0.09, 0.31] {
            let check = || assert_between(inside, printed, around);
            assert!(std::panic::catch_unwind(check).is_err());
        }
    }

    #[test]
    fn figures_are_close_or_not() {
        assert!(are_close(1.0, 1.005) && are_close(-2.0, -2.0));
        assert!(!are_close(1.0, 1.01) && !are_close(1.0, 1000.0) && !are_close(1.0, 0.5));
    }

    #[test]
    fn a_picture_has_the_times_that_were_drawn() {
        let times = [vec![10, 90, 1000], vec![2_000_000, 30]];
        let x = [(1.0, "1 B".to_owned()), (2.0, "2 B".to_owned()), (3.0, "3 B".to_owned())];
        let lines =
            times.clone().map(|it| ("a line", it.into_iter().map(Duration::from_nanos).collect()));
        let svg = Plot { title: "", sizes: "", x: &x, lines: &lines }.draw();
        let drawn = drawn_times(&svg);
        assert_eq!(drawn.len(), times.len());
        for (drawn, times) in drawn.iter().zip(times) {
            assert_eq!(drawn.len(), times.len());
            assert!(
                drawn.iter().zip(times).all(|(&drawn, time)| are_close(drawn, time as f64 / 1e9))
            );
        }
    }
}
