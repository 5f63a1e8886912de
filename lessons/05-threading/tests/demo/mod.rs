//! The lesson's program, with a demo and its options.
#![allow(dead_code)] // Not every test program uses all of it.

use std::collections::HashMap;
use std::process::Command;

use nix::unistd::Pid;
use testing::running::{Running, Task};
use testing::start;

/// A pace so slow that a demo stays where it is until the test ends it.
pub const STAYS: &str = "1000";

/// The demo at a pace.
pub fn demo(arguments: &[&str], pace: &str) -> Command {
    let mut command = start::command(env!("CARGO_BIN_EXE_05-threading"));
    command.args(arguments).env("LESSON_PACE", pace);
    command
}

/// The lines of a demo that is to go well, without waits.
pub fn lines(arguments: &[&str]) -> Vec<String> {
    let output = demo(arguments, "0").output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

/// The names of threads, sorted.
pub fn names(tasks: &HashMap<Pid, Task>) -> Vec<&str> {
    let mut names: Vec<_> = tasks.values().map(|task| task.name.as_str()).collect();
    names.sort_unstable();
    names
}

/// Its threads, once they are those of these names, sorted, and all of them sleep.
pub fn wait_until_asleep(running: &Running, wanted: &[&str]) -> HashMap<Pid, Task> {
    let all = |tasks: &HashMap<Pid, Task>, state| tasks.values().all(|task| task.state == state);
    let tasks = running.wait_for_tasks(|tasks| {
        // It will not come any more when the demo has ended.
        names(tasks) == wanted && all(tasks, 'S') || all(tasks, 'Z')
    });
    assert_eq!(names(&tasks), wanted);
    tasks
}
