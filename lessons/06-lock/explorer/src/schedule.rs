//! An order in which the steps of several threads happen, short enough to be typed:
//! `1x2,2,1` is two steps of thread 1, one of thread 2, and one of thread 1.

use std::fmt;
use std::str::FromStr;

use super::op::ThreadId;

/// Whose step comes first, second, and so on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Schedule(pub Vec<ThreadId>);

/// More steps are taken for a slip of the finger.
const MOST: usize = 1_000_000;

impl Schedule {
    /// How often the steps go from one thread to another.
    pub fn switches(&self) -> usize {
        self.0.windows(2).filter(|pair| pair[0] != pair[1]).count()
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, run) in self.0.chunk_by(|a, b| a == b).enumerate() {
            let comma = if number == 0 { "" } else { "," };
            match run.len() {
                1 => write!(f, "{comma}{}", run[0])?,
                steps => write!(f, "{comma}{}x{steps}", run[0])?,
            }
        }
        Ok(())
    }
}

/// A text that is no schedule.
#[derive(Debug, PartialEq, Eq)]
pub struct NoSchedule(String);

impl fmt::Display for NoSchedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "'{}' is no part of a schedule such as 1x2,2,1", self.0)
    }
}

impl std::error::Error for NoSchedule {}

impl FromStr for Schedule {
    type Err = NoSchedule;

    fn from_str(text: &str) -> Result<Self, NoSchedule> {
        let mut threads = Vec::new();
        for part in text.split(',').map(str::trim).filter(|_| !text.trim().is_empty()) {
            let (thread, steps) = part.split_once('x').unwrap_or((part, "1"));
            match (thread.parse(), steps.parse()) {
                (Ok(thread @ 1..), Ok(steps @ 1..=MOST)) if threads.len() + steps <= MOST => {
                    threads.extend(std::iter::repeat_n(thread, steps));
                }
                _ => return Err(NoSchedule(part.to_owned())),
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
    fn what_is_no_schedule_is_named() {
        for (text, part) in [("1,,2", ""), ("1,b", "b"), ("0", "0"), ("1x0", "1x0"), ("1x", "1x")] {
            assert_eq!(text.parse::<Schedule>(), Err(NoSchedule(part.to_owned())));
        }
        assert!("1x9999999999".parse::<Schedule>().is_err());
    }
}
