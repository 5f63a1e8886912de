//! A Python process that measures: one request, one number in answer.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context, Result, ensure};

/// A Python process that waits for requests, and ends when its input is closed.
#[derive(Debug)]
pub struct Python {
    child: Child,
    requests: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Python {
    /// Starts a program that reads requests, one a line, and answers each with a number.
    ///
    /// # Errors
    /// If there is no `python3`.
    pub fn start(program: &str) -> Result<Self> {
        let mut command = Command::new("python3");
        command.args(["-c", program]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().context("python3")?;
        let requests = child.stdin.take();
        let answers = BufReader::new(child.stdout.take().context("its output")?);
        Ok(Self { child, requests, answers })
    }

    /// The answer to a request.
    ///
    /// # Errors
    /// If Python fails: it has printed why.
    pub fn ask(&mut self, request: &str) -> Result<f64> {
        let requests = self.requests.as_mut().context("closed")?;
        requests.write_all(format!("{request}\n").as_bytes()).context("ask python3")?;
        let mut answer = String::new();
        self.answers.read_line(&mut answer).context("hear python3")?;
        ensure!(!answer.is_empty(), "python3 has ended");
        answer.trim().parse().with_context(|| format!("python3 says {answer:?}"))
    }
}

impl Drop for Python {
    fn drop(&mut self) {
        self.requests = None;
        let _ = self.child.wait();
    }
}
