//! Lesson 06: two threads corrupt a bank balance, and a lock that prevents it.

mod balance;
mod mutex;

use std::process::ExitCode;

use common::menu::{self, Demo};

const DEMOS: &[Demo] = &[
    Demo {
        name: "balance",
        about: "the notes' program: two threads change one balance, without and with a lock",
        options: &[
            ("--times N", "how often each thread puts in and takes out (default 100000)"),
            ("--rounds N", "give up after so many rounds with a right balance (default 100)"),
        ],
        run: balance::run,
    },
    Demo {
        name: "mutex",
        about: "what a lock asks of the kernel: nothing while it is free",
        options: &[],
        run: |_| mutex::run(),
    },
];

fn main() -> ExitCode {
    menu::main("06-lock", "threads share variables, and a lock protects them", DEMOS)
}
