//! Lesson 03: processes that talk to each other.

mod queue;

use std::process::ExitCode;

use common::menu::{self, Demo};

const DEMOS: &[Demo] = &[Demo {
    name: "queue",
    about: "the notes' program: one process puts values on a queue, another gets them",
    options: &[],
    run: |_| queue::run(),
}];

fn main() -> ExitCode {
    menu::main("03-ipc", "processes talk to each other", DEMOS)
}
