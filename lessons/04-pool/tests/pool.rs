//! The demo `pool`, seen from outside: four processes, and tasks that go to
//! whoever is free.

use std::collections::BTreeSet;
use std::process::Command;
use std::time::{Duration, Instant};

use common::proc;
use nix::sys::signal::Signal;
use testing::running::{Running, pid};
use testing::tamper::{self, replace};
use testing::{start, test, witness};
use times::{Times, read_until};

mod times;

fn pool(pace: &str) -> Command {
    let mut command = start::command(env!("CARGO_BIN_EXE_04-pool"));
    command.args(["pool", "--pace", pace]);
    command
}

#[test]
fn four_processes_share_five_tasks() {
    let testimony = witness::run(pool("0.05")).unwrap();
    assert!(testimony.status.success());
    let parent = testimony.pid;

    let texts = testimony.texts();
    assert_eq!(texts[0], format!("Parent process (pid {parent})."));
    assert_eq!(texts[texts.len() - 2], "All subprocesses done.");
    let by_parent = testimony.lines.iter().filter(|line| line.pid == parent).count();
    assert_eq!(by_parent, 4, "the parent ran a task: {testimony:?}");
    assert_eq!(testimony.writers().len(), 5, "the parent and four workers: {testimony:?}");

    // Where a line stands, and which process wrote it.
    let line = |beginning: String| {
        let at = texts.iter().position(|text| text.starts_with(&beginning));
        let at = at.unwrap_or_else(|| panic!("no {beginning:?} in {texts:?}"));
        assert_eq!(pid(texts[at]).to_string(), testimony.lines[at].pid.to_string());
        (at, testimony.lines[at].pid)
    };
    let begins: Vec<_> = (0..5).map(|task| line(format!("Run task {task} "))).collect();
    let ends: Vec<_> = (0..5).map(|task| line(format!("Task {task} runs "))).collect();
    for (begin, end) in begins.iter().zip(&ends) {
        assert!(begin.0 < end.0 && begin.1 == end.1, "another process ended a task: {texts:?}");
    }
    let (fifth, its_worker) = begins[4];
    let freed = ends[..4].iter().any(|(end, worker)| *end < fifth && *worker == its_worker);
    assert!(freed, "nobody was free for task 4: {texts:?}");
}

#[test]
fn five_processes_run_a_task_each() {
    let mut command = pool("0.05");
    command.args(["--workers", "5"]);
    let testimony = witness::run(command).unwrap();
    assert!(testimony.status.success());
    let begun = testimony.lines.iter().filter(|line| line.text.starts_with("Run task "));
    let workers: BTreeSet<u32> = begun.map(|line| line.pid).collect();
    assert!(workers.len() == 5 && !workers.contains(&testimony.pid), "{testimony:?}");
}

#[test]
fn the_fifth_task_waits_for_a_free_worker_not_for_a_certain_one() {
    // Slower if task 0 has ended before the test could stop its worker.
    for pace in ["0.1", "1", "5"] {
        let demo = Running::start(pool(pace));
        let mut lines = Vec::new();
        let stopped = pid(read_until(&demo, &mut lines, &["Run task 0 "]));
        // Then it has looked at the clock.
        proc::poll_until_asleep(stopped).unwrap();
        demo.signal(stopped, Signal::SIGSTOP);
        let before = Instant::now();
        let line = read_until(&demo, &mut lines, &["Run task 4 ", "Task 0 runs "]);
        if line.starts_with("Task 0") {
            continue;
        }
        assert_ne!(pid(line), stopped);
        // Longer than any task takes: nobody could know this time without measuring it.
        while !lines.iter().any(|line| line.starts_with("Task 3 ")) {
            lines.push(demo.next_line().unwrap());
        }
        // The parent hears of the last result later than the task ends.
        demo.signal(demo.id(), Signal::SIGSTOP);
        let of_the_task = before.elapsed();
        demo.signal(stopped, Signal::SIGCONT);
        read_until(&demo, &mut lines, &["Task 0 runs "]);
        lines.extend(demo.lines_until_silent_for(Duration::from_millis(50)));
        let stood_still = before.elapsed();
        demo.signal(demo.id(), Signal::SIGCONT);
        let started = demo.started();
        let (rest, errors, status) = demo.finish();
        lines.extend(rest);
        let times = Times::in_lines(&lines);
        times.are_within(stood_still, started.elapsed());
        assert!(times.task(0) >= of_the_task.as_secs_f64() - 0.01, "{lines:?}");
        assert!(lines.iter().any(|line| line == "All subprocesses done."), "{lines:?}");
        assert!(status.success(), "{errors}");
        return;
    }
    panic!("task 0 did not take a second");
}

#[test]
fn a_worker_that_is_killed_is_reported_and_the_others_go_on() {
    let demo = Running::start(pool("0.1"));
    let killed = demo.pid_in("Run task 3 ");
    demo.signal(killed, Signal::SIGKILL);

    let (lines, errors, status) = demo.finish();
    assert_eq!(status.code(), Some(1));
    assert!(errors.contains(&format!("child {killed} ended badly")), "{errors}");
    assert!(errors.contains("SIGKILL"), "{errors}");
    let ended = |task: u32| lines.iter().any(|line| line.starts_with(&format!("Task {task} runs")));
    assert!(ended(1) && ended(2) && ended(4), "{lines:?}");
    assert!(!ended(3), "{lines:?}");
    assert!(!lines.iter().any(|line| line.contains("All subprocesses done")), "{lines:?}");
}

#[test]
fn the_parent_ends_when_all_workers_are_killed() {
    // At this pace the shortest task would take minutes.
    let demo = Running::start(pool("1000"));
    let mut workers = Vec::new();
    while workers.len() < 4 {
        let line = demo.next_line().unwrap();
        if line.starts_with("Run task ") {
            workers.push(pid(&line));
        }
    }
    for worker in &workers {
        demo.signal(*worker, Signal::SIGKILL);
    }

    let (lines, errors, status) = demo.finish();
    assert!(lines.iter().all(|line| line == "Waiting for all subprocesses done..."), "{lines:?}");
    assert_eq!(status.code(), Some(1));
    assert!(workers.iter().any(|worker| errors.contains(&format!("child {worker} "))), "{errors}");
}

#[test]
fn another_number_that_comes_is_another_task_that_is_run() {
    // ipc-channel sends a length before the number of the task.
    let fifth = [1, 0, 0, 0, 0, 0, 0, 0, 4];
    let change = |from: &str, bytes: &mut [u8]| {
        if from.starts_with("socket:") {
            replace(bytes, &fifth, &[1, 0, 0, 0, 0, 0, 0, 0, 0]);
        }
    };
    let Some(output) = tamper::run(pool("0.02"), change) else { return };
    assert!(output.status.success(), "{output:?}");
    let count =
        |beginning: &str| output.text.lines().filter(|line| line.starts_with(beginning)).count();
    assert_eq!([count("Run task 0 "), count("Run task 4 ")], [2, 0], "{output:?}");
}
