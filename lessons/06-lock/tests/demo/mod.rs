//! A demo of this lesson, what it prints, and its threads.
#![allow(dead_code)] // Not every test program uses all of it.

use std::collections::HashMap;
use std::process::Command;

use common::cpus;
use nix::unistd::Pid;
use testing::running::{Running, Task};
use testing::start;
use testing::strace::{Call, record};

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

/// Checks that a demo binds its main thread and the thread named `second` to different CPUs in
/// each of its measurements.
pub fn assert_on_two_cpus(name: &str, measurements: usize) {
    if cpus::allowed().unwrap().len() < 2 {
        start::pass_over("this process may use one CPU");
        return;
    }
    let demo = demo(&[name, "--rounds", "3"], "0");
    let Some(recorded) = record(&start::on_all_cpus(&demo), "prctl,sched_setaffinity") else {
        return;
    };
    // One is main, and the other a new thread for each measurement.
    let started = recorded.started();
    let cpu = |call: &Call| call.arguments.rsplit(' ').next().unwrap().to_owned();
    let main: Vec<_> = recorded.first().calls("sched_setaffinity").map(cpu).collect();
    let others = started.iter().filter(|thread| thread.name() == "second");
    let others = others.flat_map(|thread| thread.calls("sched_setaffinity"));
    let others: Vec<_> = others.map(cpu).collect();
    assert!(main.len() >= measurements && others.len() == measurements, "{recorded:#?}");
    // Before that, `taskset` has allowed main all CPUs.
    let main = &main[main.len() - measurements..];
    assert!(main.iter().zip(&others).all(|(one, other)| one != other), "{main:?} {others:?}");
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
