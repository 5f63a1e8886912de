//! A recording drawn as a line of text.

use std::time::Duration;

use crate::{Slice, slices};

/// Marks for a column of the line, by the share of it in which the task ran:
/// from (almost) nothing to (almost) all of it.
const MARKS: [char; 4] = ['░', '▒', '▓', '█'];

/// The time from `start` to `end` as a line of `width` columns.
pub fn bar(slices: &[Slice], start: Duration, end: Duration, width: usize) -> String {
    slices::columns(slices, start, end, width).into_iter().map(mark).collect()
}

fn mark(share: f64) -> char {
    let last = MARKS.len() - 1;
    MARKS[(share * last as f64).round().clamp(0.0, last as f64) as usize]
}

/// The text in at most `width` columns, with … in place of what does not fit.
pub fn shorten(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    text.chars().take(width.saturating_sub(1)).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_shows_the_share_of_its_column() {
        let shares = [0.0, 0.16, 0.17, 0.5, 0.83, 0.84, 1.0];
        assert_eq!(shares.map(mark).iter().collect::<String>(), "░░▒▓▓██");
        // Rounding may go slightly beyond either end.
        assert_eq!((mark(-1e-9), mark(1.0 + 1e-9)), ('░', '█'));
    }

    #[test]
    fn a_bar_shows_when_a_task_ran() {
        let ms = Duration::from_millis;
        let slices = [(10, 14), (22, 25)].map(|(a, b)| Slice { start: ms(a), end: ms(b), cpu: 0 });
        assert_eq!(bar(&slices, ms(10), ms(30), 10), "██░░░░█▓░░");
        assert_eq!(bar(&slices, ms(10), ms(30), 0), "");
        assert_eq!(bar(&[], ms(10), ms(30), 3), "░░░");
    }

    #[test]
    fn what_does_not_fit_is_left_off() {
        assert_eq!(shorten("0-3,5", 5), "0-3,5");
        assert_eq!(shorten("0-3,5,7", 5), "0-3,…");
    }
}
