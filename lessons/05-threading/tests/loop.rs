//! The demo `loop`, seen from outside: the lines, and the threads that the
//! kernel lists in `/proc/PID/task` meanwhile (proc(5)).

mod running;

use std::collections::HashMap;
use std::thread;
use std::time::Duration;

use running::{Running, Task, demo};

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

#[test]
fn without_waits_the_lines_are_those_of_the_notes() {
    let output = demo("0").output().unwrap();
    assert!(output.status.success());
    assert_eq!(String::from_utf8(output.stdout).unwrap().lines().collect::<Vec<_>>(), LINES);
}

#[test]
fn a_second_thread_counts_while_the_main_thread_sleeps() {
    // So slow a pace that the thread sleeps after its 1 until the test ends it.
    let mut running = Running::start("1000");
    running.read_until("thread LoopThread >>> 1");
    let tasks = running.wait_for(|tasks| tasks.values().all(|task| task.state == 'S'));

    assert_eq!(tasks.len(), 2, "{tasks:?}");
    let main = running.child.id();
    assert_ne!(tasks[&main].name, "LoopThread");
    let named = tasks.values().filter(|task| task.name == "LoopThread");
    assert_eq!(named.count(), 1, "{tasks:?}");
}

#[test]
fn the_second_thread_does_the_work_and_the_main_thread_none() {
    // Observed while the thread counts; with ever more time to do so, for a
    // machine so busy that the thread has ended before it was looked at.
    for pace in ["0.05", "0.5", "5"] {
        let mut running = Running::start(pace);
        let main = running.child.id();
        running.read_until("thread LoopThread >>> 1");
        let before = running.wait_for(|tasks| tasks[&main].state == 'S');
        running.read_until("thread LoopThread >>> 4");
        let after = running.tasks();
        // Still there after the main thread was looked at: nothing woke it yet.
        let Some(counting) = running.tasks().into_values().find(|task| task.name == "LoopThread")
        else {
            continue;
        };

        let switches = |tasks: &HashMap<u32, Task>| tasks[&main].switches;
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
        let mut running = Running::start(&pace.to_string());
        running.read_until("thread LoopThread >>> 1");
        running.signal("STOP");
        let tasks = running.wait_for(|tasks| tasks.values().all(|t| "TZ".contains(t.state)));
        if tasks.values().any(|task| task.state == 'Z') {
            continue;
        }
        // Time goes on for a stopped process: a main thread that only sleeps
        // long enough would be the first to go on.
        thread::sleep(Duration::from_secs_f64(15.0 * pace));
        running.signal("CONT");

        let rest: Vec<_> = running.lines.by_ref().map(Result::unwrap).collect();
        assert_eq!(rest, LINES[3..]);
        assert!(running.child.wait().unwrap().success());
        return;
    }
    panic!("the demo ended each time before it was stopped");
}
