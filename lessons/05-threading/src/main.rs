//! Lesson 05: threads, and the main thread that every process starts with.

mod bounded;
mod cancel;
mod channels;
mod crash;
mod crowd;
mod detach;
mod future;
mod join;
mod local;
mod r#loop;
mod many;
mod names;
mod panic;
mod parallel;
mod pipeline;
mod scoped;
mod scopes;
mod select;
mod send;
mod timer;

use std::process::ExitCode;

use common::menu::{self, Demo};

const DEMOS: &[Demo] = &[
    Demo {
        name: "loop",
        about: "the notes' program: a thread counts to five while the main thread waits",
        options: &[],
        run: |_| r#loop::run(),
    },
    Demo {
        name: "join",
        about: "a result comes back through join, and so does a panic",
        options: &[],
        run: |_| join::run(),
    },
    Demo {
        name: "scoped",
        about: "threads that borrow from the stack of the thread that starts them",
        options: &[],
        run: |_| scoped::run(),
    },
    Demo {
        name: "channels",
        about: "many senders, many receivers, and the end when one side is gone",
        options: &[],
        run: |_| channels::run(),
    },
    Demo {
        name: "parallel",
        about: "the same computation on one thread and on several: CPU time and wall time",
        options: &[
            ("--threads N", "at most this many (default: one for each CPU)"),
            ("--steps N", "into how many the computation is split (default 10000000)"),
        ],
        run: |options| {
            let threads = options.number("--threads", 1..=1000)?;
            let steps = options.number("--steps", 1000..=1_000_000_000)?.unwrap_or(10_000_000);
            parallel::run(threads, steps)
        },
    },
    Demo {
        name: "names",
        about: "what a thread is called in Rust, and in the kernel",
        options: &[],
        run: |_| names::run(),
    },
    Demo {
        name: "detach",
        about: "a thread that nobody joins ends with the process, half-way",
        options: &[],
        run: |_| detach::run(),
    },
    Demo {
        name: "crash",
        about: "a panic ends a thread; a segfault, an abort or a full stack ends the process",
        options: &[],
        run: |_| crash::run(),
    },
    Demo {
        name: "panic",
        about: "a panic that ends the process: in main, while panicking, on its way to C",
        options: &[("--which W", "the one to happen in this very process: main, twice, or c")],
        run: |options| panic::run(options.get("--which")?),
    },
    Demo {
        name: "scopes",
        about: "std's scope and crossbeam's: threads that start threads, and panics",
        options: &[],
        run: |_| scopes::run(),
    },
    Demo {
        name: "bounded",
        about: "channels with room for two messages, and for none",
        options: &[],
        run: |_| bounded::run(),
    },
    Demo {
        name: "select",
        about: "one thread waits for several channels, for a time, and beside a ticker",
        options: &[],
        run: |_| select::run(),
    },
    Demo {
        name: "pipeline",
        about: "three stages, a thread each, that work at the same time and end cleanly",
        options: &[],
        run: |_| pipeline::run(),
    },
    Demo {
        name: "local",
        about: "a variable that looks global, but each thread has its own",
        options: &[],
        run: |_| local::run(),
    },
    Demo {
        name: "crowd",
        about: "how many threads, and how many processes: start, memory, and the limit",
        options: &[
            ("--threads N", "at most this many (default 10000)"),
            ("--processes N", "at most this many (default 1000)"),
            ("--room MIB", "how much memory a process may reserve: a limit to meet"),
        ],
        run: |options| {
            let threads = options.number("--threads", 0..=1_000_000)?.unwrap_or(10_000);
            let processes = options.number("--processes", 0..=1_000_000)?.unwrap_or(1000);
            crowd::run(threads, processes, options.number("--room", 1..=1_000_000)?)
        },
    },
    Demo {
        name: "send",
        about: "what may go to a thread: four programs that do not compile, and two that do",
        options: &[("--show NAME", "what rustc says about borrow, scoped, rc, or arc")],
        run: |options| send::run(options.get("--show")?),
    },
    Demo {
        name: "cancel",
        about: "how a thread is stopped: it has to look",
        options: &[],
        run: |_| cancel::run(),
    },
    Demo {
        name: "future",
        about: "a result that is not there yet: with a time limit, and as results come",
        options: &[],
        run: |_| future::run(),
    },
    Demo {
        name: "timer",
        about: "a function that is called later, unless its timer is cancelled",
        options: &[],
        run: |_| timer::run(),
    },
    Demo {
        name: "many",
        about: "thousands of tasks wait: threads, epoll, and async side by side",
        options: &[("--tasks N", "how many (default 2000)")],
        run: |options| many::run(options.number("--tasks", 1..=100_000)?.unwrap_or(2000)),
    },
];

fn main() -> ExitCode {
    menu::main("05-threading", "one process, several threads", DEMOS)
}
