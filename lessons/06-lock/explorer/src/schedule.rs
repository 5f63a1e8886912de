//! The order of the steps of several threads, short enough to be typed: `1x2,2,1` is two
//! steps of thread 1, one of thread 2, and one of thread 1.

use std::fmt;
use std::str::FromStr;

use crate::op::ThreadId;

/// The thread that takes the first step, the second step, and so on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Schedule(pub Vec<ThreadId>);

/// A schedule with more steps is a typing error.
const MAX_STEPS: usize = 1_000_000;

impl Schedule {
    /// How often the steps go from one thread to another.
    pub fn switches(&self) -> usize {
        self.0.windows(2).filter(|pair| pair[0] != pair[1]).count()
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut comma = "";
        for run in self.0.chunk_by(|a, b| a == b) {
            write!(f, "{comma}{}", run[0])?;
            if run.len() > 1 {
                write!(f, "x{}", run.len())?;
            }
            comma = ",";
        }
        Ok(())
    }
}

/// A text is not a schedule. Holds the part that is wrong.
#[derive(Debug, PartialEq, Eq)]
pub struct ParseScheduleError(String);

impl fmt::Display for ParseScheduleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "'{}' is not part of a schedule such as 1x2,2,1", self.0)
    }
}

impl std::error::Error for ParseScheduleError {}

impl FromStr for Schedule {
    type Err = ParseScheduleError;

    fn from_str(text: &str) -> Result<Self, ParseScheduleError> {
        let mut threads = Vec::new();
        for part in text.split(',').map(str::trim).filter(|_| !text.trim().is_empty()) {
            let (thread, steps) = part.split_once('x').unwrap_or((part, "1"));
            match (thread.parse(), steps.parse()) {
                (Ok(thread @ 1..), Ok(steps @ 1..=MAX_STEPS))
                    if threads.len() + steps <= MAX_STEPS =>
                {
                    threads.extend(std::iter::repeat_n(thread, steps));
                }
                _ => return Err(ParseScheduleError(part.to_owned())),
            }
        }
        Ok(Self(threads))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_written_is_read_again(threads in prop::collection::vec(1..4_usize, 0..50)) {
            let schedule = Schedule(threads);
            prop_assert_eq!(schedule.to_string().parse(), Ok(schedule));
        }

        #[test]
        fn no_text_makes_it_panic(text in "[0-9x, ]{0,20}|.{0,10}") {
            let _ = text.parse::<Schedule>();
        }
    }

    #[test]
    fn steps_of_one_thread_are_counted() {
        let schedule = Schedule(vec![1, 2, 2, 2, 1]);
        assert_eq!(schedule.to_string(), "1,2x3,1");
        assert_eq!(schedule.switches(), 2);
    }

    #[test]
    fn the_wrong_part_is_named() {
        for (text, part) in [("1,,2", ""), ("1,b", "b"), ("0", "0"), ("1x0", "1x0"), ("1x", "1x")] {
            assert_eq!(text.parse::<Schedule>(), Err(ParseScheduleError(part.to_owned())));
        }
        assert!("1x9999999999".parse::<Schedule>().is_err());
    }
}
