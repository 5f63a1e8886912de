//! Lesson 04: a pool of processes, and one of threads.

mod close;
mod crash;
mod map;
mod panic;
mod pool;
mod speed;
mod steal;
mod tasks;
mod threads;
mod ways;

use std::path::PathBuf;
use std::process::ExitCode;

use common::menu::{self, Demo};
use process_pool::{Tasks, work_if_worker};

/// What the workers of the demos can run.
const TASKS: Tasks = &[
    &map::SQUARE,
    &map::WAIT,
    &crash::RUN,
    &panic::HALF,
    &ways::NUMBER,
    &ways::BUSY,
    &ways::BYTES,
];

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
    Demo {
        name: "map",
        about: "many arguments for one function: all results, one by one, or as they come",
        options: &[],
        run: |_| map::run(),
    },
    Demo {
        name: "crash",
        about: "a worker is killed: this pool goes on, Python's waits for ever",
        options: &[],
        run: |_| crash::run(),
    },
    Demo {
        name: "close",
        about: "close, join, terminate, drop; and what a pool refuses",
        options: &[],
        run: |_| close::run(),
    },
    Demo {
        name: "panic",
        about: "a task panics: the traps of the crate threadpool, and the remedies",
        options: &[],
        run: |_| panic::run(),
    },
    Demo {
        name: "steal",
        about: "work that spreads itself: idle threads steal from the others",
        options: &[],
        run: |_| steal::run(),
    },
    Demo {
        name: "speed",
        about: "this pool beside threads, channels, and Python's pools",
        options: &[
            ("--tasks N", "how many empty tasks, and of the others in proportion (20000)"),
            ("--svg FILE", "draw the times of large arguments into FILE"),
            ("--json", "print the figures as JSON"),
        ],
        run: |options| {
            let picture: Option<PathBuf> = options.get("--svg")?;
            let tasks = options.number("--tasks", 100..=10_000_000)?;
            speed::run(tasks, picture.as_deref(), options.has("--json"))
        },
    },
];

fn main() -> ExitCode {
    work_if_worker(TASKS);
    menu::main("04-pool", "a few workers share many tasks", DEMOS)
}
