//! A demo that runs while a test looks at its threads.

use std::collections::HashMap;
use std::fs;
use std::io::{BufRead, BufReader, Lines};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

pub fn demo(pace: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_05-threading"));
    command.arg("loop").env("LESSON_PACE", pace);
    command
}

/// A demo that still runs; it is killed when the test lets go of it.
pub struct Running {
    pub child: Child,
    pub lines: Lines<BufReader<ChildStdout>>,
}

/// What the kernel says about a thread.
#[derive(Debug)]
pub struct Task {
    pub name: String,
    /// `S` sleeps, `T` is stopped, `Z` has ended.
    pub state: char,
    /// How often it has left a CPU, by itself or not.
    pub switches: u64,
}

impl Running {
    pub fn start(pace: &str) -> Running {
        let mut child = demo(pace).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Running { child, lines }
    }

    pub fn read_until(&mut self, wanted: &str) {
        let found = self.lines.any(|line| line.unwrap() == wanted);
        assert!(found, "the demo ended without {wanted:?}");
    }

    pub fn signal(&self, name: &str) {
        let kill = format!("kill -{name} {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    }

    /// Every thread by its id. One that ends while we look is left out.
    pub fn tasks(&self) -> HashMap<u32, Task> {
        let entries = fs::read_dir(format!("/proc/{}/task", self.child.id())).unwrap();
        let paths = entries.filter_map(|entry| entry.ok()).map(|entry| entry.path());
        paths
            .filter_map(|path| {
                let id = path.file_name()?.to_str()?.parse().ok()?;
                let status = fs::read_to_string(path.join("status")).ok()?;
                let field = |key: &str| -> Option<&str> {
                    status.lines().find_map(|line| line.strip_prefix(key)).map(str::trim)
                };
                let switches = |key| field(key)?.parse::<u64>().ok();
                let task = Task {
                    name: field("Name:")?.to_owned(),
                    state: field("State:")?.chars().next()?,
                    switches: switches("voluntary_ctxt_switches:")?
                        + switches("nonvoluntary_ctxt_switches:")?,
                };
                Some((id, task))
            })
            .collect()
    }

    /// The threads as soon as `condition` holds; a minute is for a busy machine.
    pub fn wait_for(&self, condition: impl Fn(&HashMap<u32, Task>) -> bool) -> HashMap<u32, Task> {
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            let tasks = self.tasks();
            if condition(&tasks) {
                return tasks;
            }
            assert!(Instant::now() < deadline, "still {tasks:?}");
            thread::sleep(Duration::from_millis(1));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself: then there is nothing to kill.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
