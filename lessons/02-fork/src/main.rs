//! Lesson 02: `fork()`, which is called once and returns twice.

mod twice;

use std::process::ExitCode;

use common::menu::{self, Demo};

const DEMOS: &[Demo] = &[Demo {
    name: "twice",
    about: "the notes' program: fork is called once and returns in two processes",
    options: &[],
    run: |_| twice::run(),
}];

fn main() -> ExitCode {
    menu::main("02-fork", "a process copies itself", DEMOS)
}
