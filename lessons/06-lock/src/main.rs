//! Lesson 06: two threads corrupt a bank balance, and a lock that prevents it.

mod atomic;
mod balance;
mod barrier;
mod change_it;
mod condvar;
mod cost;
mod deadlock;
mod event;
mod fair;
mod found;
mod game;
mod held;
mod inside;
mod mutex;
mod once;
mod once_panics;
mod ordering;
mod orders;
mod play;
mod poison;
mod processes;
mod robust;
mod rwlock;
mod schedule;
mod semaphore;
mod sharing;
mod side_by_side;
mod turns;
mod woken;

use std::num::NonZero;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use common::menu::{self, Demo};

use processes::MIDDLE;
use processes::accounts::LAST_STEP;

const PLAY_HTML: (&str, &str) = ("--html FILE", "write a page for a browser, to play there");

const DEMOS: &[Demo] = &[
    Demo {
        name: "balance",
        about: "the notes' program: two threads change one balance, without and with a lock",
        options: &[
            ("--times N", "how often each thread puts money in and takes it out (default 100000)"),
            ("--rounds N", "give up after N rounds with a right balance (default 100)"),
        ],
        run: balance::run,
    },
    Demo {
        name: "schedule",
        about: "every order of the steps: how many go wrong, without a lock and with it",
        options: &[
            ("--times N", "how often each thread calls change_it: 1 or 2 (default 1)"),
            (
                "--replay S",
                "run it in the order S: 1x2,2x4,1x2 is two steps of t1, four of t2, two of t1",
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
            PLAY_HTML,
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
        name: "deadlock",
        about: "two locks in opposite order: both threads wait for ever; and the cure",
        options: &[PLAY_HTML],
        run: deadlock::run,
    },
    Demo {
        name: "condvar",
        about: "wait until a buffer has an item; and how to miss the notification",
        options: &[
            ("--items N", "how many items real threads hand over (default 1000)"),
            PLAY_HTML,
        ],
        run: condvar::run,
    },
    Demo {
        name: "woken",
        about: "three things that can go wrong after a wait, and why it belongs in a loop",
        options: &[],
        run: |_| woken::run(),
    },
    Demo {
        name: "held",
        about: "what a lock costs: free, wanted by two, and held for a second",
        options: &[("--times N", "how often it is locked (default 1000000)")],
        run: held::run,
    },
    Demo {
        name: "turns",
        about: "the same work without and with a lock: one thread at a time takes longer",
        options: &[("--questions N", "how many each thread asks (default 10)")],
        run: turns::run,
    },
    Demo {
        name: "semaphore",
        about: "a limit on how many threads are inside: six threads, two permits",
        options: &[("--permits N", "how many, for three times as many threads (default 2)")],
        run: semaphore::run,
    },
    Demo {
        name: "event",
        about: "threads wait until an event is set, as with Python's threading.Event",
        options: &[],
        run: |_| event::run(),
    },
    Demo {
        name: "barrier",
        about: "no thread continues before all have arrived; and what if one never comes",
        options: &[("--rounds N", "how often they meet (default 3)")],
        run: barrier::run,
    },
    Demo {
        name: "rwlock",
        about: "many readers at the same time, or one writer alone",
        options: &[("--readers N", "how many (default 3)")],
        run: rwlock::run,
    },
    Demo {
        name: "fair",
        about: "a thread waits for a lock, and its owner takes it again and again",
        options: &[("--rounds N", "how often a thread comes to wait (default 50)")],
        run: fair::run,
    },
    Demo {
        name: "poison",
        about: "a panic inside a lock: the next thread is told",
        options: &[("--amount N", "how much money is moved (default 30)")],
        run: poison::run,
    },
    Demo {
        name: "once",
        about: "a value is made once, though several threads ask at the same time",
        options: &[],
        run: |_| once::run(),
    },
    Demo {
        name: "once-panics",
        about: "making the value panics: some ways try again, some do not",
        options: &[],
        run: |_| once_panics::run(),
    },
    Demo {
        name: "atomic",
        about: "a change in one step needs no lock; a load and a store are two steps",
        options: &[("--times N", "how often each of two real threads adds (default 100000)")],
        run: atomic::run,
    },
    Demo {
        name: "ordering",
        about: "Relaxed, Acquire, Release, SeqCst: what two threads may see of each other",
        options: &[("--rounds N", "how often each pair of threads runs (default 100000)")],
        run: ordering::run,
    },
    Demo {
        name: "orders",
        about: "your own threads in every order of their steps: copy it, and change the program",
        options: &[
            ("--mended", "the program without the mistake"),
            (
                "--replay S",
                "run it in the order S: 1x3,2,3 is three steps of main, and two of others",
            ),
            ("--play", "be its scheduler: a key for each step"),
            ("--keys KEYS", "press these keys, show the screen and leave"),
            PLAY_HTML,
        ],
        run: orders::run,
    },
    Demo {
        name: "processes",
        about: "a lock between processes; its owner is killed, and the next waits for ever",
        options: &[("--times N", "how often two children move money (default 50000)")],
        run: processes::run,
    },
    Demo {
        name: "robust",
        about: "a lock that reports the death of its owner, so that the next can repair",
        options: &[
            ("--step N", "kill the owner after step N of a transfer, 0 to 5 (default 3)"),
            ("--kills N", "how often to kill a child at a random moment (default 100)"),
        ],
        run: |options| {
            robust::run(&robust::Asked {
                step: options.number("--step", 0..=LAST_STEP)?.unwrap_or(MIDDLE),
                kills: options.get("--kills")?.unwrap_or(100),
            })
        },
    },
    Demo {
        name: "sharing",
        about: "two counters on one cache line slow each other down",
        options: &[("--rounds N", "how often each thread counts to 1000 (default 1000)")],
        run: sharing::run,
    },
    Demo {
        name: "cost",
        about: "what each kind of lock costs, for one thread and when all contend",
        options: &[
            ("--time MS", "how long to measure each, in milliseconds (default 40)"),
            ("--cpus N", "on N CPUs (default: on all)"),
            ("--without-python", "leave out Python's threading.Lock"),
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
