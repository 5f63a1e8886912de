//! Lesson 03: processes that talk to each other.

mod broken;
mod descriptor;
mod hang;
mod ipc;
mod limits;
mod pipe;
mod queue;
mod signals;
mod sigpipe;
mod socket;
mod spawn;

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
        name: "pipe",
        about: "two ends, who closes what, and how the end is seen",
        options: &[],
        run: |_| pipe::run(),
    },
    Demo {
        name: "socket",
        about: "both directions on one channel; messages with and without boundaries",
        options: &[],
        run: |_| socket::run(),
    },
    Demo {
        name: "descriptor",
        about: "an open file is sent to another process",
        options: &[],
        run: |_| descriptor::run(),
    },
    Demo {
        name: "ipc",
        about: "typed messages, a channel sent through a channel, several channels at once",
        options: &[],
        run: |_| ipc::run(),
    },
    Demo {
        name: "limits",
        about: "what ipc-channel does not tell: types, sends that wait, too many channels",
        options: &[],
        run: |_| limits::run(),
    },
    Demo {
        name: "spawn",
        about: "another program connects by a name, and what if it never does",
        options: &[],
        run: |_| spawn::run(),
    },
    Demo {
        name: "signals",
        about: "a signal as a message, and how little it can say",
        options: &[],
        run: |_| signals::run(),
    },
    Demo {
        name: "broken",
        about: "the other process is killed: what the survivor sees, for each way",
        options: &[],
        run: |_| broken::run(),
    },
];

fn main() -> ExitCode {
    menu::main("03-ipc", "processes talk to each other", DEMOS)
}
