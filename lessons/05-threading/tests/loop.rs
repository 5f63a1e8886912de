//! The demo `loop`, seen from outside: the lines, and the threads that the
//! kernel lists in `/proc/PID/task` meanwhile (proc(5)).

use std::collections::HashMap;
use std::thread;
use std::time::Duration;

use demo::{STAYS, demo, lines, wait_until_asleep};
use nix::sys::signal::Signal;
use nix::unistd::Pid;
use testing::running::{Running, Task};
use testing::test;

mod demo;

const LINES: [&str; 9] = [
    "thread main is running...",
    "thread LoopThread is running...",
    "thread LoopThread >>> 1",
    "thread LoopThread >>> 2",
    "thread LoopThread >>> 3",
    "thread LoopThread >>> 4",
    "thread LoopThread >>> 5",
    "thread LoopThread ended.",
    "thread main ended.",
];

fn start(pace: &str) -> Running {
    let running = Running::start(demo(&["loop"], pace));
    running.line_with(&["thread LoopThread >>> 1"]);
    running
}

#[test]
fn without_waits_the_lines_are_those_of_the_notes() {
    assert_eq!(lines(&["loop"]), LINES);
}

#[test]
fn a_second_thread_counts_while_the_main_thread_sleeps() {
    let running = start(STAYS);
    let tasks = wait_until_asleep(&running, &["05-threading", "LoopThread"]);
    assert_eq!(tasks[&running.id()].name, "05-threading");
}

#[test]
fn the_second_thread_does_the_work_and_the_main_thread_none() {
    // Observed while the thread counts; with ever more time to do so, for a
    // machine so busy that the thread has ended before it was looked at.
    for pace in ["0.05", "0.5", "5"] {
        let running = start(pace);
        let main = running.id();
        let before = running.wait_for_tasks(|tasks| tasks[&main].state == 'S');
        running.line_with(&["thread LoopThread >>> 4"]);
        let after = running.tasks();
        // Still there after the main thread was looked at: nothing woke it yet.
        let counting = running.tasks().into_values().find(|task| task.name == "LoopThread");
        let Some(counting) = counting else { continue };

        let switches = |tasks: &HashMap<Pid, Task>| tasks[&main].switches;
        assert_eq!(switches(&after), switches(&before), "main ran: {before:?} {after:?}");
        assert!(counting.switches >= 3, "it slept after 1, 2 and 3: {counting:?}");
        return;
    }
    panic!("LoopThread was gone each time before it said 5");
}

#[test]
fn the_main_thread_waits_for_the_thread_not_for_a_time() {
    // Ever slower, for a machine so busy that the demo ends before the signal.
    for pace in [0.02, 0.2, 2.0] {
        let running = start(&pace.to_string());
        running.signal(running.id(), Signal::SIGSTOP);
        let tasks =
            running.wait_for_tasks(|tasks| tasks.values().all(|task| "TZ".contains(task.state)));
        if tasks.values().any(|task| task.state == 'Z') {
            continue;
        }
        // Time goes on for a stopped process: a main thread that only sleeps
        // long enough would be the first to go on.
        thread::sleep(Duration::from_secs_f64(15.0 * pace));
        running.signal(running.id(), Signal::SIGCONT);

        let (rest, errors, status) = running.finish();
        assert_eq!(rest, LINES[3..]);
        assert!(status.success(), "{errors}");
        return;
    }
    panic!("the demo ended each time before it was stopped");
}
