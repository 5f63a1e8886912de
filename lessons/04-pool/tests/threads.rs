//! The demo `threads`, seen from outside: one process, with threads that the
//! kernel knows.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use testing::running::{Running, pid};
use testing::{start, test, witness};
use times::{Times, read_until};

mod times;

fn threads(pace: &str) -> Command {
    let mut command = start::command(env!("CARGO_BIN_EXE_04-pool"));
    command.args(["threads", "--pace", pace]);
    command
}

/// The id behind `tid ` in a line.
fn tid(line: &str) -> u32 {
    let (_, rest) = line.split_once("(tid ").unwrap_or_else(|| panic!("no tid in {line:?}"));
    rest.split_once(')').unwrap().0.parse().unwrap()
}

#[test]
fn four_threads_share_five_tasks() {
    let testimony = witness::run(threads("0.05")).unwrap();
    assert!(testimony.status.success());
    assert_eq!(testimony.writers(), [testimony.pid], "one process writes everything");

    let texts = testimony.texts();
    assert_eq!(texts[texts.len() - 2], "All threads done.");
    let begun = texts.iter().filter(|text| text.starts_with("Run task "));
    let threads: BTreeSet<u32> = begun.map(|text| tid(text)).collect();
    // Fewer, if one is free again before another one has started.
    assert!(threads.len() <= 4, "a fifth thread ran a task: {texts:?}");
    let (mut running, mut ended) = (BTreeMap::new(), BTreeSet::new());
    for text in &texts {
        if let Some(task) = text.strip_prefix("Run task ") {
            assert_ne!(tid(text), testimony.pid, "the main thread ran a task");
            let other = running.insert(tid(text), &task[..1]);
            assert_eq!(other, None, "a thread ran two tasks at once: {texts:?}");
            assert!(running.len() <= 4, "{texts:?}");
        } else if let Some(task) = text.strip_prefix("Task ") {
            let begun = running.remove(&tid(text));
            assert_eq!(begun, Some(&task[..1]), "another thread ended a task: {texts:?}");
            ended.insert(&task[..1]);
        }
    }
    assert_eq!(ended.len(), 5, "{texts:?}");
}

#[test]
fn four_tasks_start_at_once_in_threads_that_the_kernel_knows() {
    // The tasks take minutes at this pace: time enough to look.
    let demo = Running::start(threads("1000"));
    let process = demo.next_line().unwrap();
    let mut named = BTreeSet::from([tid(&process)]);
    for _ in 0..4 {
        named.insert(tid(&demo.line_with(&["Run task "])));
    }

    let listed = std::fs::read_dir(format!("/proc/{}/task", pid(&process))).unwrap();
    let listed: BTreeSet<u32> =
        listed.map(|entry| entry.unwrap().file_name().to_str().unwrap().parse().unwrap()).collect();
    assert_eq!(named, listed, "the main thread and four more");
    assert_eq!(named.len(), 5);
}

#[test]
fn the_times_are_those_that_pass() {
    // Slower if a task has ended before the test could stop the process.
    for pace in [0.04, 0.4, 4.0] {
        let demo = Running::start(threads(&pace.to_string()));
        let mut lines = Vec::new();
        for _ in 0..4 {
            read_until(&demo, &mut lines, &["Run task "]);
        }
        // Then each has looked at the clock.
        demo.wait_for_tasks(|tasks| tasks.values().all(|task| task.state == 'S'));
        demo.signal(demo.id(), Signal::SIGSTOP);
        let before = Instant::now();
        // Longer than any task takes: nobody could know this time without measuring it.
        lines.extend(demo.lines_until_silent_for(Duration::from_secs_f64(6.0 * pace)));
        let stood_still = before.elapsed();
        demo.signal(demo.id(), Signal::SIGCONT);
        let started = demo.started();
        let (rest, _, status) = demo.finish();
        assert!(status.success());
        if lines.iter().any(|line| line.starts_with("Task ")) {
            continue;
        }
        lines.extend(rest);
        let times = Times::in_lines(&lines);
        // Task 4 is run after that.
        let least = stood_still + Duration::from_secs_f64(pace);
        times.are_within(least, started.elapsed());
        let longer = (0..5).filter(|&task| times.task(task) >= stood_still.as_secs_f64() - 0.01);
        assert!(longer.count() >= 4, "stopped for {stood_still:?}: {lines:?}");
        return;
    }
    panic!("the tasks did not wait");
}
