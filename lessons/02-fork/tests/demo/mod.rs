//! The lesson's program, with a demo and its options.

use std::process::Command;

use nix::sys::resource::{Usage, UsageWho, getrusage};
use testing::start;

pub fn demo(arguments: &[&str]) -> Command {
    let mut command = start::command(env!("CARGO_BIN_EXE_02-fork"));
    command.args(arguments).env("LESSON_PACE", "0.05");
    command
}

/// What the processes used that this one, or those it waited for, have waited for.
#[allow(dead_code)] // Not every test program asks for it.
pub fn used_by_children() -> Usage {
    getrusage(UsageWho::RUSAGE_CHILDREN).unwrap()
}
