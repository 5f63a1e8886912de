//! Python's Pipe and Queue, measured by `speed.py`: a request for each, and an answer.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::Direction;

const SCRIPT: &str = include_str!("../../speed.py");

/// A Python that waits for requests. It ends when its input is closed.
pub struct Python {
    child: Child,
    requests: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Python {
    /// Starts it.
    ///
    /// # Errors
    /// If there is no `python3`.
    pub fn start() -> Result<Self> {
        let mut command = Command::new("python3");
        command.args(["-c", SCRIPT]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().context("python3")?;
        let requests = child.stdin.take();
        let answers = BufReader::new(child.stdout.take().context("its output")?);
        Ok(Python { child, requests, answers })
    }

    /// The time for each message of this length on these CPUs.
    ///
    /// # Errors
    /// If Python does not say; what is wrong it has written itself.
    pub fn measure(
        &mut self,
        what: &str,
        direction: Direction,
        length: usize,
        time: Duration,
        cpus: &[usize],
    ) -> Result<Duration> {
        let how = match direction {
            Direction::OneWay => "one_way",
            Direction::RoundTrip => "round_trip",
        };
        let cpus: Vec<_> = cpus.iter().map(usize::to_string).collect();
        let request = format!("{what} {how} {length} {} {}\n", time.as_secs_f64(), cpus.join(","));
        let requests = self.requests.as_mut().context("closed")?;
        requests.write_all(request.as_bytes()).context("ask python3")?;
        let mut answer = String::new();
        self.answers.read_line(&mut answer).context("hear python3")?;
        ensure!(!answer.is_empty(), "python3 has ended");
        let seconds = answer.trim().parse().with_context(|| format!("python3 says {answer:?}"))?;
        Ok(Duration::try_from_secs_f64(seconds)?)
    }
}

impl Drop for Python {
    fn drop(&mut self) {
        self.requests = None;
        let _ = self.child.wait();
    }
}
