//! A demo of this lesson, and what it prints.

use std::process::Command;

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
