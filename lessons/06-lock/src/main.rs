//! Lesson 06: two threads corrupt a bank balance, and a lock that prevents it.

mod atomic;
mod balance;
mod change_it;
mod condvar;
mod cost;
mod deadlock;
mod found;
mod held;
mod inside;
mod mutex;
mod once;
mod play;
mod poison;
mod processes;
mod rwlock;
mod schedule;
mod semaphore;
mod turns;

use std::num::NonZero;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

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
        name: "schedule",
        about: "every order of the steps: how many go wrong, the simplest, and none with a lock",
        options: &[
            ("--times N", "how often each thread calls change_it: 1 or 2 (default 1)"),
            (
                "--replay S",
                "run it in the order S, as 1x2,2x4,1x2: two steps of t1, four of t2, ...",
            ),
            ("--lock", "with --replay: with the lock"),
        ],
        run: schedule::run,
    },
    Demo {
        name: "play",
        about: "be the scheduler yourself: a key for each step",
        options: &[
            ("--lock", "with the lock"),
            ("--keys KEYS", "press these keys, show the screen and leave"),
        ],
        run: play::run,
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
        run: semaphore::run,
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
    Demo {
        name: "atomic",
        about: "a change in one step needs no lock; a load and a store are two steps",
        options: &[("--times N", "how often each of two real threads adds (default 100000)")],
        run: atomic::run,
    },
    Demo {
        name: "deadlock",
        about: "two locks in opposite order: found, seen under a deadline, and cured",
        options: &[],
        run: |_| deadlock::run(),
    },
    Demo {
        name: "condvar",
        about: "waiting until there is something; three ways to miss it",
        options: &[("--items N", "how many items real threads hand over (default 1000)")],
        run: condvar::run,
    },
    Demo {
        name: "processes",
        about: "a lock between processes, and what if its owner is killed",
        options: &[
            ("--step N", "kill it after step N of a transfer, 0 to 5 (without it, 3)"),
            ("--times N", "how often two children move money at the same time (default 50000)"),
            ("--kills N", "how often to kill one at a random moment (without it, 100)"),
        ],
        run: |options| {
            processes::run(&processes::Asked {
                step: options.number("--step", 0..=processes::LAST_STEP)?.unwrap_or(3),
                times: options.get("--times")?.unwrap_or(50_000),
                kills: options.get("--kills")?.unwrap_or(100),
            })
        },
    },
    Demo {
        name: "cost",
        about: "what each sort of lock costs, for one thread and when all contend",
        options: &[
            ("--time MS", "how long to measure each (without it, 40 milliseconds)"),
            ("--cpus N", "on so many CPUs (without it, on all)"),
            ("--without-python", "leave Python's threading.Lock out"),
            ("--svg FILE", "draw the times into FILE"),
            ("--json", "print a JSON object for each time"),
        ],
        run: |options| {
            let picture: Option<PathBuf> = options.get("--svg")?;
            cost::run(&cost::Asked {
                time: Duration::from_millis(options.number("--time", 1..=10_000)?.unwrap_or(40)),
                cpus: options.get::<NonZero<usize>>("--cpus")?.map(usize::from),
                python: !options.has("--without-python"),
                json: options.has("--json"),
                picture: picture.as_deref(),
            })
        },
    },
];

fn main() -> ExitCode {
    menu::main("06-lock", "threads share variables, and a lock protects them", DEMOS)
}
