//! The times that the demos `pool` and `threads` print, which have two decimals.

use std::time::Duration;

use testing::running::Running;

/// How far a printed time may be from the measured one, in seconds.
const ROUNDED: f64 = 0.006;

/// What the tasks took, what they took together, and the whole, in seconds.
#[derive(Debug)]
pub struct Times {
    tasks: Vec<(String, f64)>,
    work: f64,
    whole: f64,
}

impl Times {
    /// Reads the lines `Task 0 runs 2.00 seconds` and `15.60 seconds of work in 4.40 seconds.`
    pub fn in_lines(lines: &[impl AsRef<str>]) -> Times {
        let number = |text: &str| text.parse().unwrap_or_else(|_| panic!("no number: {text:?}"));
        let mut times = Times { tasks: Vec::new(), work: 0.0, whole: 0.0 };
        for line in lines {
            match line.as_ref().split(' ').collect::<Vec<_>>()[..] {
                ["Task", task, "runs", time, "seconds", ..] => {
                    times.tasks.push((task.to_owned(), number(time)));
                }
                [work, "seconds", "of", "work", "in", whole, "seconds."] => {
                    (times.work, times.whole) = (number(work), number(whole));
                }
                _ => {}
            }
        }
        times
    }

    pub fn task(&self, task: u32) -> f64 {
        self.tasks.iter().find(|(name, _)| *name == task.to_string()).unwrap().1
    }

    /// Checks the times of a run that took between `least` and `most`, as far as they must be
    /// right: the work is that of five tasks, and none took longer than all.
    pub fn are_within(&self, least: Duration, most: Duration) {
        let sum: f64 = self.tasks.iter().map(|(_, time)| time).sum();
        assert!(self.tasks.len() == 5 && (sum - self.work).abs() < 6.0 * ROUNDED, "{self:?}");
        let longest = self.tasks.iter().map(|(_, time)| *time).fold(0.0, f64::max);
        assert!(longest <= self.whole + 2.0 * ROUNDED, "{self:?}");
        let range = least.as_secs_f64() - ROUNDED..=most.as_secs_f64() + ROUNDED;
        assert!(range.contains(&self.whole), "{self:?}, {range:?}");
    }
}

/// Reads up to the next line that begins so, and keeps all.
pub fn read_until<'a>(demo: &Running, lines: &'a mut Vec<String>, beginnings: &[&str]) -> &'a str {
    loop {
        lines.push(demo.next_line().expect("it goes on"));
        let last = &lines[lines.len() - 1];
        if beginnings.iter().any(|beginning| last.starts_with(beginning)) {
            return &lines[lines.len() - 1];
        }
    }
}
