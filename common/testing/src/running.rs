//! A demo that runs while a test looks on, and stops or kills its processes.
//!
//! Like [`witness`](crate::witness) it is for tests, and panics where they would.

use std::collections::HashMap;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::prctl::set_child_subreaper;
use nix::sys::signal::{Signal, kill, killpg};
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid, waitpid};
use nix::unistd::{Pid, getpgid};

use common::{proc, refused};

use crate::{not_here, seen};

/// How long a test waits for what is to come in a moment.
const LIMIT: Duration = Duration::from_secs(60);

/// How long it waits for what may have come already.
const A_MOMENT: Duration = Duration::from_secs(2);

/// A demo in a process group of its own, of which nothing outlives the test.
#[derive(Debug)]
pub struct Running {
    child: Child,
    started: Instant,
    lines: Receiver<String>,
    errors: Receiver<String>,
    waited_for: bool,
}

/// What the kernel says about a thread.
#[derive(Clone, Debug)]
pub struct Task {
    /// Its name, as the kernel keeps it: no more than 15 bytes.
    pub name: String,
    /// `R` runs, `S` sleeps, `T` is stopped, `Z` has ended.
    pub state: char,
    /// How often it has left a CPU, by itself or not.
    pub switches: u64,
}

impl Running {
    /// Starts a demo.
    ///
    /// # Panics
    /// If it cannot be started.
    pub fn start(mut command: Command) -> Running {
        // Orphans of the demo come to this process.
        set_child_subreaper(true).unwrap();
        command.process_group(0).stdout(Stdio::piped()).stderr(Stdio::piped());
        let started = Instant::now();
        let mut child = command.spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (tx, lines) = channel();
        std::thread::spawn(move || {
            output.lines().map_while(Result::ok).try_for_each(|line| tx.send(line))
        });
        // At the same time, or a demo that fills this pipe would wait for ever.
        let mut error_output = child.stderr.take().unwrap();
        let (tx, errors) = channel();
        std::thread::spawn(move || {
            let mut text = Vec::new();
            error_output.read_to_end(&mut text).expect("a pipe can be read");
            tx.send(String::from_utf8_lossy(&text).into_owned())
        });
        Running { child, started, lines, errors, waited_for: false }
    }

    /// The id of the process that was started.
    pub fn id(&self) -> Pid {
        Pid::from_raw(self.child.id().try_into().unwrap())
    }

    /// A moment before it was started.
    pub fn started(&self) -> Instant {
        self.started
    }

    /// The next line of output, or `None` when every process that could write
    /// one has ended.
    ///
    /// # Panics
    /// If neither happens for a minute.
    pub fn next_line(&self) -> Option<String> {
        match self.lines.recv_timeout(LIMIT) {
            Ok(line) => Some(line),
            Err(RecvTimeoutError::Disconnected) => None,
            Err(RecvTimeoutError::Timeout) => panic!("no line for a minute, and no end"),
        }
    }

    /// The lines that come until none has come for `time`.
    pub fn lines_until_silent_for(&self, time: Duration) -> Vec<String> {
        std::iter::from_fn(|| self.lines.recv_timeout(time).ok()).collect()
    }

    /// Reads up to the first line that begins in one of these ways.
    ///
    /// # Panics
    /// If there is none.
    pub fn line_with(&self, beginnings: &[&str]) -> String {
        while let Some(line) = self.next_line() {
            if beginnings.iter().any(|beginning| line.starts_with(beginning)) {
                return line;
            }
        }
        panic!("the demo ended without a line that begins with one of {beginnings:?}");
    }

    /// Reads up to the line that begins so, and returns the id after `pid `.
    ///
    /// # Panics
    /// If there is none.
    pub fn pid_in(&self, beginning: &str) -> Pid {
        pid(&self.line_with(&[beginning]))
    }

    /// The threads of the process that was started.
    pub fn tasks(&self) -> HashMap<Pid, Task> {
        tasks(self.id())
    }

    /// Its threads as soon as `condition` holds.
    ///
    /// # Panics
    /// If it does not hold within a minute.
    pub fn wait_for_tasks(
        &self,
        condition: impl Fn(&HashMap<Pid, Task>) -> bool,
    ) -> HashMap<Pid, Task> {
        let deadline = Instant::now() + LIMIT;
        loop {
            let tasks = self.tasks();
            if condition(&tasks) {
                return tasks;
            }
            assert!(Instant::now() < deadline, "still {tasks:?}");
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Sends a signal to a process of the demo, and to no other: what a line
    /// gives as an id may be any number.
    ///
    /// # Panics
    /// If there is no such process in the demo.
    pub fn signal(&self, process: Pid, signal: Signal) {
        assert_eq!(getpgid(Some(process)), Ok(self.id()), "{process} is not of this demo");
        kill(process, signal).unwrap();
    }

    /// Kills the process that was started, and no other.
    ///
    /// # Panics
    /// If it cannot be killed.
    pub fn kill(&self) {
        // It has not been waited for, so the id is its own.
        kill(self.id(), Signal::SIGKILL).unwrap();
    }

    /// The rest of the output, the text on standard error and the exit status.
    ///
    /// # Panics
    /// If it has closed its output and not ended a minute later, or if a process of the
    /// demo is still there then.
    pub fn finish(self) -> (Vec<String>, String, ExitStatus) {
        let (group, end) = self.end();
        assert_eq!(killpg(group, Signal::SIGKILL), Err(Errno::ESRCH), "a child was left behind");
        end
    }

    /// As [`finish`](Self::finish), of a demo that was killed or leaves orphans, which
    /// end by themselves: they are waited for.
    ///
    /// # Panics
    /// If one is still there after a minute.
    pub fn finish_with_orphans(self) -> (Vec<String>, String, ExitStatus) {
        let (group, end) = self.end();
        assert!(wait_for_group(group), "a process of group {group} was left behind");
        end
    }

    /// The id of the demo's process group, and what `finish` returns.
    fn end(mut self) -> (Pid, (Vec<String>, String, ExitStatus)) {
        let lines = std::iter::from_fn(|| self.next_line()).collect();
        let errors = self.errors.recv_timeout(LIMIT).expect("standard error is closed in time");
        let status = seen::within(LIMIT, || self.child.try_wait().unwrap())
            .expect("the demo has closed its output and goes on");
        self.waited_for = true;
        let group = self.id();
        // A demo that cannot be shown here stops in the middle. Its orphans end by themselves.
        if not_here::why(status.code(), &errors).is_some() {
            assert!(wait_for_group(group), "a process of group {group} was left behind");
        }
        not_here::heed(status.code(), &errors);
        (group, (lines, errors, status))
    }

    /// The test has failed, and this may be why: the demo has ended, as it cannot be shown here.
    fn heed_its_end(&self) {
        // Where no call is refused, it is not that.
        if refused::calls().is_empty() {
            return;
        }
        let flags = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
        let status = || match waitid(Id::Pid(self.id()), flags) {
            Ok(WaitStatus::Exited(_, status)) => Some(status),
            _ => None,
        };
        let status = seen::within(A_MOMENT, status);
        let errors = self.errors.recv_timeout(A_MOMENT).unwrap_or_default();
        not_here::heed(status, &errors);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !self.waited_for && std::thread::panicking() {
            self.heed_its_end();
        }
        // Once it has been waited for, its id may belong to another process.
        if !self.waited_for {
            let _ = killpg(self.id(), Signal::SIGKILL);
            let _ = self.child.wait();
            wait_for_group(self.id());
        }
    }
}

/// At how many places of its output a demo is killed.
const PLACES: usize = 6;

/// Runs a demo to its end, and then kills it again and again, each time at another place of
/// its output: after the first line, after the last, and at some between them.
///
/// # Panics
/// If it fails or prints nothing, or if a process of it outlives it.
pub fn kill_at_several_lines(start: impl Fn() -> Running) {
    let (lines, errors, status) = start().finish_with_orphans();
    assert!(status.success(), "{status}: {errors}");
    for place in places(lines.len()) {
        let running = start();
        for _ in 0..place {
            running.next_line();
        }
        running.kill();
        running.finish_with_orphans();
    }
}

/// After how many of these lines.
fn places(lines: usize) -> impl Iterator<Item = usize> {
    let last = lines.min(PLACES) - 1;
    (0..=last).map(move |place| 1 + place * (lines - 1) / last.max(1))
}

/// Waits for the orphans of a process group; false if one is still there after a
/// minute.
fn wait_for_group(group: Pid) -> bool {
    let deadline = Instant::now() + LIMIT;
    let any = Pid::from_raw(-group.as_raw());
    while waitpid(any, Some(WaitPidFlag::WNOHANG)) != Err(Errno::ECHILD) {
        if Instant::now() >= deadline {
            return false;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    true
}

/// Every thread of a process by its id. One that ends while it is read is left out, and so
/// are all of a process that is gone.
pub fn tasks(process: Pid) -> HashMap<Pid, Task> {
    let entries = fs::read_dir(format!("/proc/{process}/task"));
    let paths = entries.into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()));
    let task = |path: PathBuf| {
        let id = path.file_name()?.to_str()?.parse().ok()?;
        let field = |name| proc::field(path.join("status"), name).ok();
        let switches = |kind| field(kind)?.parse::<u64>().ok();
        let task = Task {
            name: field("Name")?,
            state: field("State")?.chars().next()?,
            switches: switches("voluntary_ctxt_switches")?
                + switches("nonvoluntary_ctxt_switches")?,
        };
        Some((Pid::from_raw(id), task))
    };
    paths.filter_map(task).collect()
}

/// The id after the first `pid ` of a line.
///
/// # Panics
/// If there is none.
pub fn pid(line: &str) -> Pid {
    id("pid ", line)
}

/// The id after the first `tid ` of a line.
///
/// # Panics
/// If there is none.
pub fn tid(line: &str) -> Pid {
    id("tid ", line)
}

fn id(word: &str, line: &str) -> Pid {
    let digits = line.split_once(word).map_or("", |(_, rest)| rest);
    let digits = digits.split(|c: char| !c.is_ascii_digit()).next().unwrap_or("");
    Pid::from_raw(digits.parse().unwrap_or_else(|_| panic!("no {word}in {line:?}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::start;

    fn shell(script: &str) -> Running {
        let mut command = start::command("sh");
        command.args(["-c", script]);
        Running::start(command)
    }

    #[test]
    fn a_demo_is_killed_at_its_first_line_at_its_last_and_between() {
        let places = |lines| places(lines).collect::<Vec<_>>();
        assert_eq!(places(1), [1]);
        assert_eq!(places(2), [1, 2]);
        assert_eq!(places(6), [1, 2, 3, 4, 5, 6]);
        assert_eq!(places(7), [1, 2, 3, 4, 5, 7]);
        assert_eq!(places(29), [1, 6, 12, 17, 23, 29]);
    }

    #[test]
    fn errors_that_fill_a_pipe_do_not_stop_a_demo() {
        // A pipe takes 64 KiB.
        let script = "head -c 1000000 /dev/zero | tr '\\0' x >&2; echo done";
        let (lines, errors, status) = shell(script).finish();
        assert!(status.success());
        assert_eq!((lines, errors.len()), (vec!["done".to_owned()], 1_000_000));
    }
}
