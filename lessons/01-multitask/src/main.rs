//! Lesson 01: many tasks, few CPUs.

mod tasks;

use std::process::ExitCode;

use common::menu::{self, Demo};

const DEMOS: &[Demo] = &[Demo {
    name: "tasks",
    about: "three tasks take turns on one CPU; many tasks rotate over all of them",
    options: &[
        ("--tasks N", "how many tasks on all CPUs (without it, 2 for each CPU and 1 more)"),
        ("--cpus N", "how many CPUs those get (without it, all there are)"),
        ("--duration SECONDS", "how long each of the two parts runs (without it, 0.2)"),
        ("--svg FILE", "write the turns on one CPU to FILE, as a picture"),
    ],
    run: tasks::run,
}];

fn main() -> ExitCode {
    menu::main("01-multitask", "many tasks, few CPUs", DEMOS)
}
