//! Signals between the jobs that a judge gives to a program: a job can wait for one that another
//! job gives, so that it ends only if both run at the same time.

use std::io::{PipeReader, PipeWriter, pipe};
use std::os::fd::{AsRawFd, RawFd};

use anyhow::{Context, Result};

/// Signals, each to be given and waited for once. They are there as long as this is.
pub struct Signals(Vec<(PipeReader, PipeWriter)>);

impl Signals {
    /// Makes `count` signals.
    ///
    /// # Errors
    /// If a pipe cannot be made.
    pub fn new(count: usize) -> Result<Signals> {
        let pipes = (0..count).map(|_| pipe().context("pipe")).collect::<Result<_>>()?;
        Ok(Signals(pipes))
    }

    /// A job for the shell. In it, `wait N` and `give N` are to wait for signal N, and to give it.
    /// With its number it can be found in a record.
    pub fn job(&self, number: usize, commands: &str) -> String {
        let path = |end: RawFd| format!("/proc/{}/fd/{end}", std::process::id());
        let mut job = format!(": job {number}; {commands}");
        for (number, (reader, writer)) in self.0.iter().enumerate() {
            let wait = format!("read signal < {}", path(reader.as_raw_fd()));
            let give = format!("echo > {}", path(writer.as_raw_fd()));
            job = job.replace(&format!("wait {number}"), &wait);
            job = job.replace(&format!("give {number}"), &give);
        }
        job
    }

    /// All of these jobs, numbered from 1.
    pub fn jobs(&self, commands: &[&str]) -> Vec<String> {
        (1..).zip(commands).map(|(number, commands)| self.job(number, commands)).collect()
    }
}
