//! Lesson 03: processes that talk to each other.

mod queue;
mod shared_memory;

use std::process::ExitCode;

use common::menu::{self, Demo};

const DEMOS: &[Demo] = &[
    Demo {
        name: "queue",
        about: "the notes' program: one process puts values on a queue, another gets them",
        options: &[],
        run: |_| queue::run(),
    },
    Demo {
        name: "shared-memory",
        about: "two processes use the same memory: a counter, and a ring buffer",
        options: &[("--awake", "leave out the part in which the receiver sleeps")],
        run: |options| shared_memory::run(options.has("--awake")),
    },
];

fn main() -> ExitCode {
    menu::main("03-ipc", "processes talk to each other", DEMOS)
}
