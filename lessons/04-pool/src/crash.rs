//! A worker is killed in the middle of a task. This pool reports the lost task and runs the
//! others. Python's `Pool` waits for ever; compare `crash_executor.py`.

use std::io::{BufRead, BufReader, Error, ErrorKind, Read};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};
use common::child::{self, Child};
use common::{paced, pidfd, text};
use nix::sys::signal::{Signal, raise};
use nix::unistd::{Pid, getpid};
use process_pool::{Function, ProcessPool};

use crate::TASKS;

/// The task that kills its worker.
const DEADLY: u64 = 3;

/// Does nothing, unless it is the deadly one.
pub static RUN: Function<u64, ()> = Function::new("crash", |task| {
    if task == DEADLY {
        // What the kernel does to a process when memory runs out.
        let _ = raise(Signal::SIGKILL);
    }
});

/// The same in Python.
const PYTHON: &str = include_str!("../crash.py");

pub fn run() -> Result<()> {
    println!("This pool, two workers, five tasks:");
    let pool = ProcessPool::with_workers(TASKS, 2)?;
    let before = pool.pids();
    for (task, result) in (1..).zip(pool.map(&RUN, 1..=5, Some(1))?) {
        match result {
            Ok(()) => println!("  task {task} is done"),
            Err(why) => println!("  task {task}: {why}"),
        }
    }
    let new = pool.pids().into_iter().filter(|pid| !before.contains(pid)).count();
    println!("  new workers: {new}");
    drop(pool);

    println!("Python's multiprocessing.Pool, the same:");
    let mut python = Command::new("python3");
    python.args(["-c", PYTHON]).stdout(Stdio::piped());
    let parent = getpid();
    child::ensure_one_thread()?;
    // SAFETY: the pool has ended, so no other thread can hold a lock that the child needs.
    unsafe { python.pre_exec(move || child::end_with(parent).map_err(Error::other)) };
    match python.spawn() {
        Err(why) if why.kind() == ErrorKind::NotFound => {
            println!("  python3 is not installed");
            Ok(())
        }
        started => watch(started.context("start python3")?),
    }
}

/// Waits three seconds from the crash on, to see whether Python ends.
fn watch(python: std::process::Child) -> Result<()> {
    let child = Child::new(Pid::from_raw(python.id().try_into()?));
    let mut output = BufReader::new(python.stdout.context("a pipe")?);
    let mut line = String::new();
    output.read_line(&mut line).context("read")?;
    println!("  {}", line.trim_end());

    let time = paced(Duration::from_secs(3));
    let ended = pidfd::wait(&pidfd::open(child.pid())?, Some(time))?;
    let what = if ended { "it has ended" } else { "it still waits for the result; I kill it" };
    println!("  after {}: {what}", text::time(time));
    drop(child);
    // Its workers notice that it is gone. The pipe ends when all of them have ended.
    output.read_to_end(&mut Vec::new()).context("read").map(drop)
}
