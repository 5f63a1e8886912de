//! The demos on the pool, seen from outside: the processes and threads that they claim.

use std::fs;
use std::process::Command;
use std::time::Duration;

use common::proc;
use nix::unistd::Pid;
use testing::running::{Running, pid};
use testing::seen::{has_ended, until};
use testing::start;

fn demo(arguments: &[&str]) -> Command {
    let mut command = start::command(env!("CARGO_BIN_EXE_04-pool"));
    command.args(arguments);
    command
}

/// The workers of a demo, as soon as there are so many. (A new process has no command
/// line for a moment.)
fn workers(demo: Pid, number: usize) -> Vec<Pid> {
    until(&format!("{number} workers"), || workers_now(demo).len() == number);
    workers_now(demo)
}

/// Those of its children that were started as workers.
fn workers_now(demo: Pid) -> Vec<Pid> {
    let tasks = fs::read_dir(format!("/proc/{demo}/task")).unwrap();
    let children = tasks.map(|task| task.unwrap().path().join("children"));
    let children: String =
        children.map(|file| fs::read_to_string(file).unwrap_or_default()).collect();
    let children = children.split_whitespace().map(|pid| Pid::from_raw(pid.parse().unwrap()));
    let is_worker = |child: &Pid| {
        let words = fs::read_to_string(format!("/proc/{child}/cmdline")).unwrap_or_default();
        words.split('\0').nth(1) == Some("pool-worker")
    };
    children.filter(is_worker).collect()
}

#[test]
fn the_workers_of_map_are_processes_of_the_same_program() {
    // It waits for minutes in the middle.
    let running = Running::start(demo(&["map", "--pace", "1000"]));
    let line = running.next_line().unwrap();
    let named: Vec<Pid> =
        line.split("pid ").skip(2).map(|part| pid(&format!("pid {part}"))).collect();
    let mut there = workers(running.id(), 3);
    there.sort_unstable();
    assert_eq!(named.len(), 3);
    assert!(named.iter().all(|pid| there.contains(pid)) && there.len() == 3, "{line} {there:?}");
    for number in 1..=6 {
        let square = running.line_with(&["  pid "]);
        assert!(named.contains(&pid(&square)));
        assert!(square.ends_with(&format!(": {number} * {number} = {}", number * number)));
    }
}

#[test]
fn the_results_of_imap_come_in_order_and_those_of_imap_unordered_as_they_are_there() {
    // The order in which the waits end is that of their lengths, if nothing else delays
    // them: slower for a busy machine.
    for pace in ["0.05", "0.5", "5"] {
        let output = demo(&["map", "--pace", pace]).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let text = String::from_utf8(output.stdout).unwrap();
        let number = |line: &str| line.strip_suffix(" is over")?.parse::<u32>().ok();
        let after = |words| text.lines().filter_map(move |line| number(line.strip_prefix(words)?));
        let in_order: Vec<_> = after("  wait ").collect();
        assert_eq!(in_order, [1, 2, 3], "{text}");
        let mut unordered: Vec<_> = after("  wait ≈ ").collect();
        if unordered == [2, 3, 1] {
            return;
        }
        unordered.sort_unstable();
        assert_eq!(unordered, [1, 2, 3], "{text}");
    }
    panic!("a wait of a second and another of half of it did not end in this order");
}

#[test]
fn a_worker_dies_and_another_takes_its_place() {
    // The C library's loader then says which process has loaded which program.
    let mut command = demo(&["crash", "--pace", "0.01"]);
    let output = command.env("LD_DEBUG", "files").output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    for task in [1, 2, 4, 5] {
        assert!(text.contains(&format!("  task {task} is done\n")), "{text}");
    }
    assert!(text.contains("  task 3: its worker died: killed by SIGKILL\n"), "{text}");
    assert!(text.contains("  new workers: 1\n"), "{text}");

    let loaded = String::from_utf8_lossy(&output.stderr).into_owned();
    if !loaded.contains("transferring control: ") {
        start::pass_over("this C library's loader does not say what it loads");
        return;
    }
    let programs = loaded
        .lines()
        .filter(|line| line.contains("transferring control: ") && line.ends_with("/04-pool"));
    assert_eq!(programs.count(), 4, "the demo, two workers and one more: {loaded}");
}

#[test]
fn python_s_pool_still_waits_when_its_worker_is_dead() {
    if !start::is_installed("python3") {
        return;
    }
    let running = Running::start(demo(&["crash", "--pace", "1000"]));
    let line = running.line_with(&["  task 3 kills its worker"]);
    let worker = pid(&line);
    // It is a zombie, or its pool has waited for it; the pool itself goes on.
    until("the worker dies", || has_ended(worker));
    let children =
        fs::read_to_string(format!("/proc/{0}/task/{0}/children", running.id())).unwrap();
    let python = children.split_whitespace().next().expect("python is a child");
    let name = proc::field(format!("/proc/{python}/status"), "Name").unwrap();
    assert!(name.starts_with("python"), "{name}");
    // Killed, the demo takes it along.
    running.kill();
    running.finish_with_orphans();
}

#[test]
fn a_terminated_pool_had_workers_and_has_none() {
    let running = Running::start(demo(&["close", "--pace", "0.05"]));
    let joined = running.line_with(&["  joined; "]);
    assert_eq!(joined, "  joined; the task from before was done: true");
    let (lines, errors, status) = running.finish();
    assert!(status.success(), "{errors}");
    let ended = lines.iter().filter(|line| line.ends_with("the pool has ended: it was terminated"));
    assert_eq!(ended.count(), 3, "{lines:#?}");

    // At this pace it looks at its workers for minutes before it terminates them.
    let running = Running::start(demo(&["close", "--pace", "1000"]));
    running.line_with(&["close, then join:"]);
    running.line_with(&["  a task after close:"]);
    workers(running.id(), 2);
}

#[test]
fn a_result_that_is_lost_never_comes() {
    let running = Running::start(demo(&["panic", "--pace", "1000"]));
    running.line_with(&["threadpool, waiting"]);
    // The pool's two threads, of which one has taken the place of one that panicked.
    let threads = || proc::field(format!("/proc/{}/status", running.id()), "Threads").unwrap();
    until("three threads", || threads() == "3");
    assert_eq!(running.lines_until_silent_for(Duration::from_millis(50)), [""; 0]);
}

#[test]
fn panics_are_told() {
    let output = demo(&["panic", "--pace", "0.01"]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.contains("  2 of 3 came; ") && text.contains(" more the third has not: true\n"),
        "{text}"
    );
    assert!(text.contains("  half of 3: it panicked: 3 is odd\n"), "{text}");
    assert!(text.contains("  0 of 20 tasks are done"), "{text}");
    let place = "  half of 3: the task panicked at lessons/04-pool/src/panic.rs:";
    assert!(text.contains(place) && output.stderr.is_empty(), "{text}");
}

#[test]
fn all_work_is_done_by_whoever_steals_it() {
    let output = demo(&["steal"]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let tasks = |line: &str| -> u32 {
        let (_, rest) = line.split_once('≈').unwrap();
        rest.trim().split(' ').next().unwrap().parse().unwrap()
    };
    let threads: Vec<&str> = text.lines().filter(|line| line.starts_with("thread ")).collect();
    assert_eq!(threads.len(), 4);
    assert_eq!(threads.into_iter().map(tasks).sum::<u32>(), 2047, "{text}");
    assert!(text.ends_with("together: 2047 tasks, and the sum 549755289600\n"), "{text}");
}

#[test]
fn speed_gives_the_same_work_to_all() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let picture = folder.path().join("speed.svg");
    let svg = picture.to_str().unwrap();
    let output = demo(&["speed", "--tasks", "100", "--json", "--svg", svg]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let ways = text.matches("\"name\"").count();
    assert!([3, 5].contains(&ways) && text.contains("\"this pool\""), "{text}");
    assert_eq!(fs::read_to_string(&picture).unwrap().matches("<path class='line").count(), ways);
}
