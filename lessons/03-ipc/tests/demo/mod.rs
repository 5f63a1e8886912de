//! The lesson's program, with a demo and its options.
#![allow(dead_code)] // Not every test program uses all of it.

use std::process::Command;

use nix::sys::signal::Signal;
use nix::unistd::Pid;
use testing::running::Running;
use testing::start;
use testing::strace::{self, Record};
use testing::witness::{self, Testimony};

pub fn demo(arguments: &[&str]) -> Command {
    let mut command = start::command(env!("CARGO_BIN_EXE_03-ipc"));
    command.args(arguments).env("LESSON_PACE", "0.05");
    command
}

/// Runs a demo that is to go well.
pub fn run(name: &str) -> Testimony {
    let testimony = witness::run(demo(&[name])).unwrap();
    assert!(testimony.status.success(), "{testimony:#?}");
    testimony
}

/// The lines that a process wrote.
pub fn written_by(testimony: &Testimony, pid: u32) -> Vec<&str> {
    let lines = testimony.lines.iter().filter(|line| line.pid == pid);
    lines.map(|line| line.text.as_str()).collect()
}

/// Kills a process of which a demo says that it will wait for ever; the demo is to
/// notice that it has ended.
pub fn kill_what_was_to_wait(demo: Running, process: Pid) {
    demo.signal(process, Signal::SIGKILL);
    let (_, errors, status) = demo.finish();
    assert_eq!(status.code(), Some(1));
    assert!(errors.contains(&format!("pid {process} has ended")), "{errors}");
}

/// Starts the demo through a command that starts programs in some way.
pub fn through(mut command: Command, arguments: &[&str]) -> Running {
    command.arg(env!("CARGO_BIN_EXE_03-ipc")).args(arguments).env("LESSON_PACE", "0");
    Running::start(command)
}

/// The record of a demo and its children, without waits, and with the beginnings of what they
/// send; none if strace cannot be used.
pub fn recorded(arguments: &[&str], calls: &str) -> Option<Record> {
    strace::record_with(&["-s", "100"], demo(arguments).env("LESSON_PACE", "0"), calls)
}
