//! Lesson 05: threads, and the main thread that every process starts with.

mod loop_thread;

use std::process::ExitCode;

use common::menu::{self, Demo};

const DEMOS: &[Demo] = &[Demo {
    name: "loop",
    about: "the notes' program: a thread counts to five while the main thread waits",
    options: &[],
    run: |_| loop_thread::run(),
}];

fn main() -> ExitCode {
    menu::main("05-threading", "one process, several threads", DEMOS)
}
