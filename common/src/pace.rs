//! How long the waits are that are there for a person to watch.

use std::sync::OnceLock;
use std::time::Duration;

/// Named here once, for the menu and for `cargo xtask check`.
pub(crate) const VARIABLE: &str = "LESSON_PACE";

static PACE: OnceLock<f64> = OnceLock::new();

/// A wait of `full`, shortened or stretched by `--pace` or, without it, by the
/// environment variable `LESSON_PACE`: 1 is as in the notes, 0.05 twenty times
/// faster.
///
/// Only for waits that let a person follow. A wait for something to happen
/// waits for that thing, however long it takes.
pub fn paced(full: Duration) -> Duration {
    let seconds = full.as_secs_f64() * PACE.get().copied().unwrap_or(1.0);
    Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
}

/// Reads a pace as `--pace` and `LESSON_PACE` give it, and keeps it.
///
/// # Errors
/// Says what is wrong with `text` if it is not a number from 0 to 1000.
pub fn set(text: &str) -> Result<(), String> {
    match text.parse::<f64>() {
        Ok(pace) if (0.0..=1000.0).contains(&pace) => {
            PACE.get_or_init(|| pace);
            Ok(())
        }
        _ => Err(format!("'{text}' is not a pace: give a number from 0 to 1000, such as 0.05")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_pace_is_refused() {
        for text in ["", "fast", "-1", "NaN", "inf", "1e9"] {
            assert!(set(text).is_err(), "{text:?} was taken");
        }
    }

    #[test]
    fn a_pace_shortens_the_wait() {
        set("0.05").unwrap();
        assert_eq!(paced(Duration::from_secs(1)), Duration::from_millis(50));
        assert!(paced(Duration::MAX) < Duration::MAX / 19);
    }

    #[test]
    fn a_wait_may_be_the_longest_there_is() {
        // At whatever pace: the other test may have set it.
        assert!(paced(Duration::MAX) > Duration::MAX / 21);
    }
}
