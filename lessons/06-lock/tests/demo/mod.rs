//! A demo of this lesson, what it prints, and its threads.
#![allow(dead_code)] // Not every test program uses all of it.

use std::collections::HashMap;
use std::process::Command;

use common::running::{Running, Task};
use nix::unistd::Pid;

/// A demo with its options, at a pace.
pub fn demo(arguments: &[&str], pace: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_06-lock"));
    command.args(arguments).env("LESSON_PACE", pace);
    command
}

/// What it prints if it ends well and writes no error.
pub fn lines(arguments: &[&str], pace: &str) -> Vec<String> {
    let output = demo(arguments, pace).output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

/// Its threads, as soon as there are so many and all of them sleep.
pub fn asleep(running: &Running, number: usize) -> HashMap<Pid, Task> {
    running.wait_for_tasks(|threads| {
        threads.len() == number && threads.values().all(|thread| thread.state == 'S')
    })
}
