//! Lesson 05: threads, and the main thread that every process starts with.

mod channels;
mod crash;
mod detach;
mod join;
mod local;
mod loop_thread;
mod names;
mod pipeline;
mod scoped;
mod select;

use std::process::ExitCode;

use common::menu::{self, Demo};

const DEMOS: &[Demo] = &[
    Demo {
        name: "loop",
        about: "the notes' program: a thread counts to five while the main thread waits",
        options: &[],
        run: |_| loop_thread::run(),
    },
    Demo {
        name: "names",
        about: "who asks: what a thread is called in Rust, and in the kernel",
        options: &[],
        run: |_| names::run(),
    },
    Demo {
        name: "join",
        about: "a result comes back through join, and so does a panic",
        options: &[],
        run: |_| join::run(),
    },
    Demo {
        name: "detach",
        about: "a thread that nobody joins ends with the process, half-way",
        options: &[],
        run: |_| detach::run(),
    },
    Demo {
        name: "crash",
        about: "a panic ends a thread; a segfault or an abort ends the process",
        options: &[],
        run: |_| crash::run(),
    },
    Demo {
        name: "scoped",
        about: "threads that borrow from the stack of the thread that starts them",
        options: &[],
        run: |_| scoped::run(),
    },
    Demo {
        name: "channels",
        about: "many senders, many receivers; room for any number of messages, for two, for none",
        options: &[],
        run: |_| channels::run(),
    },
    Demo {
        name: "select",
        about: "one thread waits for several channels, for a time, and beside a ticker",
        options: &[],
        run: |_| select::run(),
    },
    Demo {
        name: "pipeline",
        about: "three stages, a thread each, that end cleanly",
        options: &[],
        run: |_| pipeline::run(),
    },
    Demo {
        name: "local",
        about: "a variable that looks global, and of which each thread has its own",
        options: &[],
        run: |_| local::run(),
    },
];

fn main() -> ExitCode {
    menu::main("05-threading", "one process, several threads", DEMOS)
}
