//! Lesson 04: a pool of processes, and one of threads.

mod close;
mod crash;
mod lost;
mod map;
mod panic;
mod pool;
mod rayon;
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
    &lost::WHO,
    &panic::HALF,
    &ways::NUMBER,
    &ways::BUSY,
    &ways::BYTES,
];

const DEMOS: &[Demo] = &[
    Demo {
        name: "pool",
        about: "the tutorial's program: four processes share five tasks",
        options: &[("--workers N", "how many processes (default 4)")],
        run: |options| pool::run(options.number("--workers", 1..=100)?.unwrap_or(tasks::WORKERS)),
    },
    Demo {
        name: "map",
        about: "one function, many arguments: all results, one by one, or as they come",
        options: &[],
        run: |_| map::run(),
    },
    Demo {
        name: "crash",
        about: "a worker is killed: this pool carries on, Python's waits for ever",
        options: &[],
        run: |_| crash::run(),
    },
    Demo {
        name: "threads",
        about: "the same five tasks, shared by four threads",
        options: &[],
        run: |_| threads::run(),
    },
    Demo {
        name: "lost",
        about: "a worker that was given 500 tasks is killed, and one task is lost",
        options: &[],
        run: |_| lost::run(),
    },
    Demo {
        name: "close",
        about: "three ways to end a pool, and the calls it refuses",
        options: &[],
        run: |_| close::run(),
    },
    Demo {
        name: "panic",
        about: "a task panics: the traps of the crate threadpool, and their remedies",
        options: &[],
        run: |_| panic::run(),
    },
    Demo {
        name: "rayon",
        about: "the pool of threads to use today: results in order, stolen work, panics",
        options: &[],
        run: |_| rayon::run(),
    },
    Demo {
        name: "steal",
        about: "tasks that make tasks: idle threads steal work from busy ones",
        options: &[],
        run: |_| steal::run(),
    },
    Demo {
        name: "speed",
        about: "what a task costs: this pool, threads, channels, and Python's pools",
        options: &[
            ("--tasks N", "how many empty tasks, and the others in proportion (default 20000)"),
            ("--svg FILE", "draw the times of large arguments in FILE"),
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
