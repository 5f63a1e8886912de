//! What a task records about itself and hands over to its parent.

use std::time::Duration;

use crate::Error;

/// A stretch of time in which a task ran on one CPU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slice {
    /// When it began, on the clock of [`now`](crate::now).
    pub start: Duration,
    /// When it ended, on the same clock.
    pub end: Duration,
    /// The CPU it ran on.
    pub cpu: usize,
}

/// When a task ran, as the task itself saw it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recording {
    /// The stretches in which its clock did not jump, in order. An interrupt ends one,
    /// even if no other task ran: [`slices::of_recordings`](crate::slices::of_recordings).
    pub stretches: Vec<Slice>,
    /// How often its clock jumped so far that another task must have run.
    pub gaps: u64,
    /// How often it was switched out against its will, by the kernel's count.
    pub switches: u64,
}

impl Recording {
    /// The recording as numbers, for the parent.
    pub fn to_words(&self) -> Vec<u64> {
        let nanoseconds = |time: Duration| time.as_nanos() as u64;
        let stretches = self.stretches.iter();
        let words =
            stretches.flat_map(|s| [nanoseconds(s.start), nanoseconds(s.end), s.cpu as u64]);
        [self.gaps, self.switches].into_iter().chain(words).collect()
    }

    /// The recording from the numbers of [`Recording::to_words`].
    ///
    /// # Errors
    /// [`Error::Torn`] if a part of it is missing.
    pub fn from_words(words: &[u64]) -> Result<Self, Error> {
        Self::parse(words).ok_or(Error::Torn(words.len()))
    }

    fn parse(words: &[u64]) -> Option<Self> {
        let (&[gaps, switches], stretches) = words.split_first_chunk()?;
        let (stretches, []) = stretches.as_chunks() else { return None };
        let stretches = stretches.iter().map(|&[start, end, cpu]| Slice {
            start: Duration::from_nanos(start),
            end: Duration::from_nanos(end),
            cpu: cpu as usize,
        });
        Some(Self { stretches: stretches.collect(), gaps, switches })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recording_survives_the_pipe() {
        let slice = |start, end, cpu| Slice {
            start: Duration::from_nanos(start),
            end: Duration::from_nanos(end),
            cpu,
        };
        let stretches = vec![slice(1, 2, 0), slice(u64::MAX - 1, u64::MAX, 1023)];
        let recordings = [Recording::default(), Recording { stretches, gaps: 3, switches: 4 }];
        for recording in recordings {
            assert_eq!(Recording::from_words(&recording.to_words()), Ok(recording));
        }
    }

    #[test]
    fn a_torn_recording_is_refused() {
        let slice = Slice { start: Duration::ZERO, end: Duration::from_secs(1), cpu: 0 };
        let whole = Recording { stretches: vec![slice], gaps: 1, switches: 1 }.to_words();
        for length in (0..whole.len()).filter(|&length| length != 2) {
            assert_eq!(Recording::from_words(&whole[..length]), Err(Error::Torn(length)));
        }
    }
}
