//! Lesson 04: a pool of processes, and one of threads.

mod pool;
mod tasks;
mod threads;

use std::process::ExitCode;

use common::menu::{self, Demo};

const DEMOS: &[Demo] = &[
    Demo {
        name: "pool",
        about: "the notes' program: five tasks for four processes",
        options: &[],
        run: |_| pool::run(),
    },
    Demo {
        name: "threads",
        about: "the same five tasks for four threads",
        options: &[],
        run: |_| threads::run(),
    },
];

fn main() -> ExitCode {
    menu::main("04-pool", "a few workers share many tasks", DEMOS)
}
