//! Lesson 02: `fork()`, which is called once and returns twice.

mod buffered;
mod copies;
mod cost;
mod crash;
mod exec;
mod family;
mod group;
mod handlers;
mod huge_pages;
mod inherit;
mod orphan;
mod safe_calls;
mod signals;
mod threads;
mod twice;
mod zombie;

use std::path::PathBuf;
use std::process::ExitCode;

use common::menu::{self, Demo};

const DEMOS: &[Demo] = &[
    Demo {
        name: "twice",
        about: "the notes' program: fork is called once and returns in two processes",
        options: &[],
        run: |_| twice::run(),
    },
    Demo {
        name: "family",
        about: "a parent notes the id of each child, and waits for each",
        options: &[("--children N", "how many (default 3)")],
        run: |options| family::run(options.number("--children", 1..=100)?.unwrap_or(3)),
    },
    Demo {
        name: "copies",
        about: "each process has its own variable; memory is copied when it is written to",
        options: &[("--mib N", "how much memory the child reads and writes (default 16)")],
        run: |options| copies::run(options.number("--mib", 1..=1024)?.unwrap_or(16)),
    },
    Demo {
        name: "exec",
        about: "a child becomes another program, by hand and with Command",
        options: &[],
        run: |_| exec::run(),
    },
    Demo {
        name: "zombie",
        about: "ended, but not waited for",
        options: &[],
        run: |_| zombie::run(),
    },
    Demo {
        name: "orphan",
        about: "the parent ends first: who adopts the child",
        options: &[],
        run: |_| orphan::run(),
    },
    Demo {
        name: "crash",
        about: "one child crashes, the others carry on",
        options: &[],
        run: |_| crash::run(),
    },
    Demo {
        name: "signals",
        about: "what signals do to a child, and what wait reports",
        options: &[],
        run: |_| signals::run(),
    },
    Demo {
        name: "group",
        about: "whom Ctrl-C and the end of a terminal reach, and why not a daemon",
        options: &[],
        run: |_| group::run(),
    },
    Demo {
        name: "buffered",
        about: "a text that is printed once comes out twice",
        options: &[],
        run: |_| buffered::run(),
    },
    Demo {
        name: "inherit",
        about: "which signals and files a fork and an exec hand on",
        options: &[],
        run: |_| inherit::run(),
    },
    Demo {
        name: "threads",
        about: "fork while another thread holds a lock: the child hangs",
        options: &[],
        run: |_| threads::run(),
    },
    Demo {
        name: "safe-calls",
        about: "what a child may call if its parent has other threads",
        options: &[],
        run: |_| safe_calls::run(),
    },
    Demo {
        name: "handlers",
        about: "which thread a signal interrupts, and how to let it interrupt none",
        options: &[],
        run: |_| handlers::run(),
    },
    Demo {
        name: "cost",
        about: "fork takes longer the more memory is in use; vfork and Command do not",
        options: &[
            ("--most MIB", "the largest amount of memory (default: 1024, if that is free)"),
            ("--svg FILE", "draw the times into FILE"),
        ],
        run: |options| {
            let picture: Option<PathBuf> = options.get("--svg")?;
            cost::run(options.number("--most", 1..=1024)?, picture.as_deref())
        },
    },
    Demo {
        name: "huge-pages",
        about: "the same memory in fewer, larger pages: a fork is cheaper",
        options: &[("--mib N", "how much memory is in use (without it, 64)")],
        run: |options| huge_pages::run(options.number("--mib", 4..=1024)?.unwrap_or(64)),
    },
];

fn main() -> ExitCode {
    menu::main("02-fork", "a process copies itself", DEMOS)
}
