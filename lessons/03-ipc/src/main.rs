//! Lesson 03: processes that talk to each other.

mod queue;
mod shared_memory;
mod speed;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

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
    Demo {
        name: "speed",
        about: "how long a message takes, each way, over lengths from 8 bytes to 16 MiB",
        options: &[
            (
                "--most BYTES",
                "the longest message (without it, 16777216; in a debug build 1048576)",
            ),
            ("--time MS", "how long to measure each (without it, 20 milliseconds)"),
            ("--cpus N", "on one CPU only, or on two and on one (without it)"),
            ("--without-python", "leave Python's Pipe and Queue out"),
            ("--svg FILE", "draw the first table into FILE"),
            ("--json", "print a JSON object for each time"),
        ],
        run: |options| {
            let picture: Option<PathBuf> = options.get("--svg")?;
            speed::run(&speed::Asked {
                most: options.number("--most", 8..=16 << 20)?.unwrap_or(speed::MOST),
                time: Duration::from_millis(options.number("--time", 1..=10_000)?.unwrap_or(20)),
                cpus: options.number("--cpus", 1..=2)?.unwrap_or(2),
                python: !options.has("--without-python"),
                json: options.has("--json"),
                picture: picture.as_deref(),
            })
        },
    },
];

fn main() -> ExitCode {
    menu::main("03-ipc", "processes talk to each other", DEMOS)
}
