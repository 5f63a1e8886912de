//! The demos that run on the explorer, seen from outside.

mod found;
mod orders;
mod page;
mod play;
mod schedule;
mod simulated;

use std::process::{Command, Output};

use testing::start;

fn demo(arguments: &[&str]) -> Command {
    let mut command = start::command(env!("CARGO_BIN_EXE_06-lock"));
    command.args(arguments).env("LESSON_PACE", "0.05");
    command
}

fn success(output: Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("text")
}

/// The error of a demo that was used in a wrong way.
fn wrong_usage(arguments: &[&str]) -> String {
    let output = demo(arguments).output().expect("it runs");
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    String::from_utf8(output.stderr).expect("text")
}
