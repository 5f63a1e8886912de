//! A demo of this lesson, what it prints, and its threads.
#![allow(dead_code)] // Not every test program uses all of it.

use std::collections::HashMap;
use std::process::Command;

use nix::unistd::Pid;
use testing::running::{Running, Task};
use testing::start;

/// A demo with its options, at a pace.
pub fn demo(arguments: &[&str], pace: &str) -> Command {
    let mut command = start::command(env!("CARGO_BIN_EXE_06-lock"));
    command.args(arguments).env("LESSON_PACE", pace);
    command
}

/// What it prints if it ends well and writes no error.
pub fn lines(arguments: &[&str], pace: &str) -> Vec<String> {
    let (lines, errors, status) = Running::start(demo(arguments, pace)).finish();
    assert!(status.success() && errors.is_empty(), "{status}: {errors}");
    lines
}

/// Its threads, as soon as there are so many and all of them sleep.
pub fn asleep(running: &Running, number: usize) -> HashMap<Pid, Task> {
    running.wait_for_tasks(|threads| {
        assert!(threads.values().any(|thread| thread.state != 'Z'), "the demo has ended");
        threads.len() == number && threads.values().all(|thread| thread.state == 'S')
    })
}

/// The time that a line ends with, behind its beginning: of a millisecond or more.
pub fn milliseconds(line: &str, beginning: &str) -> f64 {
    let time = line.strip_prefix(beginning).and_then(|time| time.split_once(' '));
    let (number, unit) = time.unwrap_or_else(|| panic!("no time behind {beginning:?}: {line}"));
    let factor = match unit {
        "ms" => 1.0,
        "s" => 1000.0,
        unit => panic!("{unit}: {line}"),
    };
    number.parse::<f64>().unwrap() * factor
}
