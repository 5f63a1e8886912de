//! A Python process that measures: one request, one number in answer.

use std::io::{self, BufRead, BufReader, ErrorKind, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use crate::during;

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
    pub fn start(program: &str) -> io::Result<Self> {
        let mut command = Command::new("python3");
        command.args(["-c", program]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().map_err(during("python3"))?;
        let requests = child.stdin.take();
        let answers = BufReader::new(child.stdout.take().expect("it is piped"));
        Ok(Self { child, requests, answers })
    }

    /// The answer to a request.
    ///
    /// # Errors
    /// If Python fails: it has printed why.
    pub fn ask(&mut self, request: &str) -> io::Result<f64> {
        let requests = self.requests.as_mut().expect("open until it is dropped");
        requests.write_all(format!("{request}\n").as_bytes()).map_err(during("ask python3"))?;
        let mut answer = String::new();
        self.answers.read_line(&mut answer).map_err(during("hear python3"))?;
        if answer.is_empty() {
            return Err(io::Error::new(ErrorKind::UnexpectedEof, "python3 has ended"));
        }
        answer
            .trim()
            .parse()
            .map_err(|_| io::Error::new(ErrorKind::InvalidData, format!("python3 says {answer:?}")))
    }
}

impl Drop for Python {
    fn drop(&mut self) {
        self.requests = None;
        let _ = self.child.wait();
    }
}
