//! The lesson's program, with a demo and its options, and what the kernel was asked by it.
#![allow(dead_code)] // Not every test program uses all of it.

use std::fs;
use std::process::Command;

use nix::sys::signal::Signal;
use nix::unistd::Pid;
use testing::running::Running;
use testing::start;
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

/// A system call, or the end of a process, as strace writes it.
#[derive(Debug)]
pub struct Call {
    pub pid: u32,
    pub text: String,
}

impl Call {
    /// Whether it has returned something: it was not killed in it, nor interrupted.
    pub fn returned(&self) -> bool {
        self.text.ends_with(|last: char| last.is_ascii_digit())
    }
}

/// The calls of these names that a demo and its children make; none if strace is
/// not installed.
pub fn calls(name: &str, calls: &str) -> Option<Vec<Call>> {
    calls_of(&[name], calls)
}

/// As [`calls`], of a demo with options.
pub fn calls_of(arguments: &[&str], calls: &str) -> Option<Vec<Call>> {
    if !start::can_use_strace() {
        return None;
    }
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let file = folder.path().join("calls");
    let trace = format!("trace={calls}");
    let path = file.to_str().unwrap();
    let mut strace = start::command("strace");
    strace.args(["-f", "-q", "-s", "100", "-e", &trace, "-o", path]);
    let (lines, errors, status) = through(strace, arguments).finish();
    let text = fs::read_to_string(&file).unwrap();
    assert!(status.success(), "{lines:#?} {errors}");
    Some(whole_calls(&text))
}

/// A call that another process interrupts stands in two lines; put together again.
/// Spaces that make columns are taken out.
fn whole_calls(text: &str) -> Vec<Call> {
    let mut calls: Vec<Call> = Vec::new();
    for line in text.lines().filter(|line| !line.contains(" --- SIG")) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let (pid, text) = (words[0].parse().unwrap(), words[1..].join(" "));
        match text.split_once(" resumed>") {
            Some((_, rest)) => {
                let begun = calls.iter_mut().rfind(|call| call.pid == pid).unwrap();
                begun.text = begun.text.replace(" <unfinished ...>", "") + rest;
            }
            None => calls.push(Call { pid, text }),
        }
    }
    calls
}
