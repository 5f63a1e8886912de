//! Lesson 06: two threads corrupt a bank balance, and a lock that prevents it.

mod balance;
mod cost;
mod mutex;
mod processes;

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
        name: "mutex",
        about: "what a lock asks of the kernel: nothing while it is free",
        options: &[],
        run: |_| mutex::run(),
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
