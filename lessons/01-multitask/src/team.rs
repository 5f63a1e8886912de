//! Tasks that keep busy at the same time, each a process of its own.

use std::collections::VecDeque;
use std::io::{ErrorKind, PipeReader, PipeWriter, Read, Write, pipe};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork, getpid};

use crate::cpus;
use crate::recorder::{now, record_until};
use crate::recording::Recording;

/// Tasks that are ready and wait for the common start.
#[derive(Debug)]
pub struct Team {
    children: Children,
    /// Each task takes from this pipe the instant at which to end. The parent
    /// keeps the read end too, so that it can write whatever became of them.
    start: (PipeReader, PipeWriter),
}

/// The children that were not yet waited for. None outlives this list: a call
/// that fails leaves no process behind. (If the parent is killed they see the
/// end of the pipe, or end at the instant that they were given.)
#[derive(Debug, Default)]
struct Children(VecDeque<Child>);

#[derive(Debug)]
struct Child {
    pid: Pid,
    results: PipeReader,
}

/// What the tasks of a team recorded.
#[derive(Debug)]
pub struct Run {
    /// When they were started.
    pub start: Duration,
    /// When they ended, all at the same instant.
    pub end: Duration,
    /// One recording a task.
    pub recordings: Vec<Recording>,
}

impl Team {
    /// Forks `count` tasks that may run on `cpus` only.
    ///
    /// # Errors
    /// If a process cannot be started, or not be bound to these CPUs.
    pub fn fork(count: usize, cpus: &[usize]) -> Result<Self> {
        let threads = std::fs::read_dir("/proc/self/task").context("/proc/self/task")?.count();
        ensure!(threads == 1, "a process of {threads} threads must not fork");

        let mut children = Children::default();
        let (start, starter) = pipe().context("pipe")?;
        for _ in 0..count {
            let (results, to_parent) = pipe().context("pipe")?;
            // SAFETY: this process has one thread, so no lock can be held by a
            // thread that the child does not have.
            match unsafe { fork() }.context("fork")? {
                ForkResult::Child => {
                    // Copies of what is the parent's: its other children are
                    // not ours to kill, and its end of the pipe is not ours to
                    // hold open.
                    children.0.clear();
                    drop(starter);
                    std::process::exit(match task(start, to_parent) {
                        Ok(()) => 0,
                        Err(error) => {
                            eprintln!("task (pid {}): {error:#}", getpid());
                            1
                        }
                    })
                }
                ForkResult::Parent { child: pid } => {
                    children.0.push_back(Child { pid, results });
                    cpus::pin(pid, cpus)?;
                }
            }
        }
        Ok(Self { children, start: (start, starter) })
    }

    /// The ids of the processes.
    pub fn pids(&self) -> Vec<Pid> {
        self.children.0.iter().map(|child| child.pid).collect()
    }

    /// Lets the tasks run for `duration`, all from the same instant on, waits
    /// for them and returns what they recorded.
    ///
    /// # Errors
    /// If one of them does not end well.
    pub fn run(self, duration: Duration) -> Result<Run> {
        let Self { mut children, start: (_reader, mut starter) } = self;
        let start = now()?;
        let end = start + duration;
        let message = (end.as_nanos() as u64).to_le_bytes();
        starter.write_all(&message.repeat(children.0.len())).context("write to the tasks")?;

        let mut recordings = Vec::new();
        while let Some(Child { pid, results }) = children.0.front_mut() {
            let pid = *pid;
            let mut bytes = Vec::new();
            results.read_to_end(&mut bytes).with_context(|| format!("read from task {pid}"))?;
            let status = waitpid(pid, None).with_context(|| format!("waitpid({pid})"))?;
            children.0.pop_front();
            ensure!(status == WaitStatus::Exited(pid, 0), "task {pid} ended badly: {status:?}");
            recordings.push(Recording::from_bytes(&bytes)?);
        }
        Ok(Run { start, end, recordings })
    }
}

/// What a child does: wait for the start, keep busy, hand over the recording.
fn task(mut start: PipeReader, mut to_parent: PipeWriter) -> Result<()> {
    let mut end = [0; 8];
    match start.read_exact(&mut end) {
        // The parent is gone, and nobody is left to run for.
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(()),
        result => result.context("wait for the start")?,
    }
    let recording = record_until(Duration::from_nanos(u64::from_le_bytes(end)))?;
    to_parent.write_all(&recording.to_bytes()).context("write to the parent")
}

impl Drop for Children {
    fn drop(&mut self) {
        for Child { pid, .. } in &self.0 {
            // A child that has ended already cannot be killed, and that is fine.
            let _ = kill(*pid, Signal::SIGKILL);
            let _ = waitpid(*pid, None);
        }
    }
}
