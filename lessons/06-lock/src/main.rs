//! Lesson 06: two threads corrupt a bank balance, and a lock that prevents it.

mod balance;
mod held;
mod mutex;
mod once;
mod permits;
mod poison;
mod rwlock;
mod turns;

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
    Demo {
        name: "held",
        about: "what a lock costs: free, wanted by two, and held for long",
        options: &[("--times N", "how often it is taken (without it, 1000000)")],
        run: held::run,
    },
    Demo {
        name: "turns",
        about: "the same work without and with a lock: one thread at a time takes longer",
        options: &[("--questions N", "how many each thread asks (without it, 10)")],
        run: turns::run,
    },
    Demo {
        name: "semaphore",
        about: "at most so many threads at a time: six threads, two permits",
        options: &[("--permits N", "how many, for three times as many threads (without it, 2)")],
        run: permits::run,
    },
    Demo {
        name: "rwlock",
        about: "many readers at the same time, or one writer alone",
        options: &[("--readers N", "how many (without it, 3)")],
        run: rwlock::run,
    },
    Demo {
        name: "poison",
        about: "a panic inside a lock: the next one is told",
        options: &[("--amount N", "how much money is moved (without it, 30)")],
        run: poison::run,
    },
    Demo {
        name: "once",
        about: "made once, though several threads ask at the same time",
        options: &[],
        run: |_| once::run(),
    },
];

fn main() -> ExitCode {
    menu::main("06-lock", "threads share variables, and a lock protects them", DEMOS)
}
