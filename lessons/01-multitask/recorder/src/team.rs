//! Tasks that start together, each a process of its own.

use std::io::{ErrorKind, PipeReader, PipeWriter, Read, Write, pipe};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use common::child::{self, Child};
use common::cpus;
use nix::unistd::{ForkResult, Pid, fork, getpid};

use crate::{Error, Recording, now};

/// Tasks that are ready and wait for the common start. Dropping it kills them: a call
/// that fails leaves no process running.
#[derive(Debug)]
pub struct Team {
    tasks: Vec<Task>,
    /// From this pipe each task reads the instant of the start. The parent keeps the
    /// read end too, so that it can write even if tasks have ended.
    start: (PipeReader, PipeWriter),
}

#[derive(Debug)]
struct Task {
    child: Child,
    result: PipeReader,
}

/// What the tasks of a team have handed over.
#[derive(Debug)]
pub struct Run {
    /// When they were started, on the clock of [`now`].
    pub start: Duration,
    /// The result of each task.
    pub results: Vec<Vec<u64>>,
}

impl Run {
    /// The results of tasks that each handed over a recording.
    ///
    /// # Errors
    /// If a part of one is missing.
    pub fn recordings(&self) -> Result<Vec<Recording>, Error> {
        self.results.iter().map(|words| Recording::from_words(words)).collect()
    }
}

impl Team {
    /// Forks `count` tasks that may run on `cpus` only. Each does `job`, which
    /// gets the task's number, from 0, and the instant at which all were started.
    ///
    /// # Errors
    /// If a process cannot be started, or not be bound to these CPUs.
    pub fn fork<J>(count: usize, cpus: &[usize], job: J) -> Result<Self>
    where
        J: FnOnce(usize, Duration) -> Result<Vec<u64>>,
    {
        child::ensure_one_thread()?;

        let parent = getpid();
        let mut tasks = Vec::new();
        let (start, starter) = pipe().context("pipe")?;
        for number in 0..count {
            let (result, to_parent) = pipe().context("pipe")?;
            // SAFETY: this is the only thread, so no other can hold a lock that the child needs.
            match unsafe { fork() }.context("fork")? {
                ForkResult::Child => {
                    // While a task holds this end, no task sees that the parent is gone.
                    drop(starter);
                    let work = || task(start, to_parent, |instant| job(number, instant));
                    child::exit(child::end_with(parent).and_then(|()| work()))
                }
                ForkResult::Parent { child: pid } => {
                    tasks.push(Task { child: Child::new(pid), result });
                    cpus::pin(pid, cpus)?;
                }
            }
        }
        Ok(Self { tasks, start: (start, starter) })
    }

    /// The ids of the processes.
    pub fn pids(&self) -> Vec<Pid> {
        self.tasks.iter().map(|task| task.child.pid()).collect()
    }

    /// Starts the tasks, waits for them and returns what they handed over.
    ///
    /// # Errors
    /// If one of them fails.
    pub fn run(self) -> Result<Run> {
        let Self { tasks, start: (_reader, mut starter) } = self;
        let start = now()?;
        let message = (start.as_nanos() as u64).to_le_bytes();
        starter.write_all(&message.repeat(tasks.len())).context("write to the tasks")?;
        let results = tasks.into_iter().map(Task::join).collect::<Result<_>>()?;
        Ok(Run { start, results })
    }
}

impl Task {
    fn join(mut self) -> Result<Vec<u64>> {
        let pid = self.child.pid();
        let mut bytes = Vec::new();
        self.result.read_to_end(&mut bytes).with_context(|| format!("read from task {pid}"))?;
        self.child.join()?;
        let (words, rest) = bytes.as_chunks();
        ensure!(rest.is_empty(), "the result of task {pid} is torn: {} bytes", bytes.len());
        Ok(words.iter().map(|&word| u64::from_le_bytes(word)).collect())
    }
}

/// What a child does: wait for the start, do its job, hand over the result.
fn task(
    mut start: PipeReader,
    mut to_parent: PipeWriter,
    job: impl FnOnce(Duration) -> Result<Vec<u64>>,
) -> Result<()> {
    let mut instant = [0; 8];
    match start.read_exact(&mut instant) {
        // The parent is gone, and with it the reason to work.
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(()),
        result => result.context("wait for the start")?,
    }
    let result = job(Duration::from_nanos(u64::from_le_bytes(instant)))?;
    let bytes: Vec<u8> = result.into_iter().flat_map(u64::to_le_bytes).collect();
    to_parent.write_all(&bytes).context("write to the parent")
}
