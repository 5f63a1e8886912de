//! Lesson 01: many tasks, few CPUs.

mod background;
mod cores;
mod nice;
mod options;
mod quota;
mod switch;
mod tasks;
mod waiting;
mod word;

use std::process::ExitCode;

use common::menu::{self, Demo};

const CPUS: (&str, &str) = ("--cpus N", "how many CPUs it takes (default: all)");

const DEMOS: &[Demo] = &[
    Demo {
        name: "tasks",
        about: "three tasks take turns on one CPU; many tasks rotate over all of them",
        options: &[
            ("--tasks N", "how many tasks on all CPUs (default: 2 for each CPU, and 1 more)"),
            CPUS,
            ("--duration SECONDS", "how long each of the two parts runs (default 0.2)"),
            ("--svg FILE", "write the turns on one CPU to FILE, as a picture"),
        ],
        run: tasks::run,
    },
    Demo {
        name: "background",
        about: "what else is running: the processes and threads that you do not see",
        options: &[
            ("--busiest N", "how many of the busiest it names (default 3)"),
            ("--watch", "look again every second, until Ctrl-C"),
        ],
        run: background::run,
    },
    Demo {
        name: "cores",
        about: "the same work for one task, for one on each CPU, and for more than that",
        options: &[
            CPUS,
            ("--readings N", "how much work, in readings of the clock (default 1000000)"),
            ("--svg FILE", "write who ran when to FILE, as a picture"),
        ],
        run: cores::run,
    },
    Demo {
        name: "quota",
        about: "a share of the CPUs' time, as a container has it, is not a choice of CPUs",
        options: &[],
        run: |_| quota::run(),
    },
    Demo {
        name: "word",
        about: "subtasks as three threads, which share their memory, and as three processes",
        options: &[],
        run: |_| word::run(),
    },
    Demo {
        name: "waiting",
        about: "tasks that wait use hardly any CPU time; tasks that compute share a CPU",
        options: &[],
        run: |_| waiting::run(),
    },
    Demo {
        name: "nice",
        about: "three busy tasks on one CPU, of which two give way; and when they do not",
        options: &[("--duration SECONDS", "how long each of the two parts runs (default 0.25)")],
        run: nice::run,
    },
    Demo {
        name: "switch",
        about: "what a switch from one task to another costs, and how many there are",
        options: &[("--rounds N", "how often two tasks hand over to each other (default 2000)")],
        run: switch::run,
    },
];

fn main() -> ExitCode {
    menu::main("01-multitask", "many tasks, few CPUs", DEMOS)
}
