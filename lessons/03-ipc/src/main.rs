//! Lesson 03: processes that talk to each other.

mod accept;
mod boundaries;
mod descriptor;
mod full;
mod ipc;
mod killed_reader;
mod killed_writer;
mod lines;
mod manager;
mod pipe;
mod queue;
mod ring;
mod several;
mod shared_memory;
mod signals;
mod sigpipe;
mod socket;
mod spawn;
mod speed;
mod start_methods;
mod too_many;
mod two_senders;
mod types;
mod ways;

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
        name: "pipe",
        about: "two ends, which process closes which, and how a reader sees the end",
        options: &[],
        run: |_| pipe::run(),
    },
    Demo {
        name: "shared-memory",
        about: "two processes use the same memory: a counter, wrong and right",
        options: &[],
        run: |_| shared_memory::run(),
    },
    Demo {
        name: "ipc",
        about: "typed messages, and a channel that is sent through a channel",
        options: &[],
        run: |_| ipc::run(),
    },
    Demo {
        name: "sigpipe",
        about: "a write when no process can read any more: an error, or a signal that kills",
        options: &[],
        run: |_| sigpipe::run(),
    },
    Demo {
        name: "lines",
        about: "lines of several processes in one pipe: how long they can be and stay whole",
        options: &[],
        run: |_| lines::run(),
    },
    Demo {
        name: "socket",
        about: "a question one way and the answer the other way, on one channel",
        options: &[],
        run: |_| socket::run(),
    },
    Demo {
        name: "boundaries",
        about: "where a message ends: two kinds of sockets",
        options: &[],
        run: |_| boundaries::run(),
    },
    Demo {
        name: "descriptor",
        about: "an open file is sent to another process",
        options: &[],
        run: |_| descriptor::run(),
    },
    Demo {
        name: "manager",
        about: "one process owns a value, and others ask it: one request, or two",
        options: &[],
        run: |_| manager::run(),
    },
    Demo {
        name: "several",
        about: "one process waits for several channels at once",
        options: &[],
        run: |_| several::run(),
    },
    Demo {
        name: "full",
        about: "a send that waits, and two that wait for each other",
        options: &[],
        run: |_| full::run(),
    },
    Demo {
        name: "types",
        about: "a number is sent, a text received",
        options: &[],
        run: |_| types::run(),
    },
    Demo {
        name: "too-many",
        about: "how many channels fit into one message",
        options: &[],
        run: |_| too_many::run(),
    },
    Demo {
        name: "spawn",
        about: "another program connects by a name",
        options: &[],
        run: |_| spawn::run(),
    },
    Demo {
        name: "start-methods",
        about: "what a child has of its parent: by fork, by exec, and by a fork server",
        options: &[],
        run: |_| start_methods::run(),
    },
    Demo {
        name: "accept",
        about: "the other program never connects: a wait for ever, and a deadline",
        options: &[],
        run: |_| accept::run(),
    },
    Demo {
        name: "killed-writer",
        about: "the writer is killed: what the reader sees, for each way",
        options: &[],
        run: |_| killed_writer::run(),
    },
    Demo {
        name: "killed-reader",
        about: "the reader is killed: what the writer sees, for each way",
        options: &[],
        run: |_| killed_reader::run(),
    },
    Demo {
        name: "two-senders",
        about: "one of two senders is killed in the middle of a large message",
        options: &[],
        run: |_| two_senders::run(),
    },
    Demo {
        name: "ring",
        about: "messages through a ring buffer in shared memory, and a sender that is killed",
        options: &[("--awake", "leave out the part in which the receiver sleeps")],
        run: |options| ring::run(options.has("--awake")),
    },
    Demo {
        name: "signals",
        about: "a signal as a message, and how little it can say",
        options: &[],
        run: |_| signals::run(),
    },
    Demo {
        name: "speed",
        about: "how long a message takes, each way, over lengths from 8 bytes to 16 MiB",
        options: &[
            ("--most BYTES", "the longest message (default 16777216; in a debug build 1048576)"),
            ("--time MS", "how long to measure each (default 20 milliseconds)"),
            ("--cpus N", "1: on one CPU only; 2: on two as well (default 2)"),
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
