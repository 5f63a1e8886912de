//! `atomic`, `deadlock` and `condvar`: what real threads do in them.

use std::collections::{BTreeMap, HashMap};
use std::fs;

use common::proc;
use nix::unistd::Pid;
use testing::running::{Running, Task};
use testing::seen::{until, waits_in};
use testing::{start, test};

use crate::{demo, success, wrong_usage};

#[test]
fn real_threads_do_as_much_as_was_asked() {
    for (times, sum) in [("1", "13"), ("777", "10101")] {
        let text = success(demo(&["atomic", "--times", times]).output().expect("it runs"));
        assert!(text.ends_with(&format!("fetch_add, {times} times each: {sum}\n")), "{text}");
    }
    for items in ["0", "1", "4321"] {
        let text = success(demo(&["condvar", "--items", items]).output().expect("it runs"));
        assert!(text.contains(&format!("\n  {items} items came, in their order\n")), "{text}");
    }
    assert!(wrong_usage(&["atomic", "--times", "0"]).contains("from 1 to"));
    assert!(wrong_usage(&["condvar", "--items", "-1"]).contains("from 0 to"));
}

#[test]
fn who_finds_the_buffer_empty_or_full_waits_at_a_condition_variable() {
    let running = Running::start(demo(&["condvar", "--items", "1000000"]));
    // The explorer's threads have such names, too, but there are more of them at a time.
    let putting = |tasks: &HashMap<Pid, Task>| {
        let puts = tasks.iter().find(|(_, task)| task.name == "puts");
        puts.filter(|_| tasks.len() == 2).map(|(tid, _)| *tid)
    };
    let tasks = running.wait_for_tasks(|tasks| putting(tasks).is_some());
    let puts = putting(&tasks).expect("it is there");
    if fs::read(format!("/proc/{puts}/syscall")).is_err() {
        start::pass_over("this system does not say where a thread waits");
        return;
    }
    for tid in [running.id(), puts] {
        // The number at a lock is 2 while a thread waits for it; at a condition variable it
        // counts how often somebody was woken.
        until("it waits at a condition variable", || {
            waits_in(tid).is_some_and(|(call, at)| call == nix::libc::SYS_futex && at[2] as u32 > 2)
        });
    }
}

/// The threads of a process: the name and the state of each, by its id.
fn threads(process: Pid) -> BTreeMap<String, (String, String)> {
    let tasks = fs::read_dir(format!("/proc/{process}/task")).expect("it lives");
    let status = |path: &std::path::Path, name| proc::field(path, name).expect("it lives");
    tasks
        .map(|task| {
            let path = task.expect("it lives").path().join("status");
            (status(&path, "Pid"), (status(&path, "Name"), status(&path, "State")))
        })
        .collect()
}

fn deadlock() -> (Running, Pid) {
    let mut command = demo(&["deadlock"]);
    // So slow that the threads wait until the test ends them.
    command.env("LESSON_PACE", "1000");
    let running = Running::start(command);
    // First each says what it has, and then the demo that they sleep.
    let mut lines = std::iter::from_fn(|| running.next_line());
    let line = lines.find(|line| line.ends_with(" sleeps")).expect("a line");
    let next = lines.next().expect("another");
    assert!(line.starts_with("  t1 (tid "), "{line}");
    let tid = line.split(['(', ')']).nth(1).and_then(|it| it.strip_prefix("tid ")).expect("an id");
    assert!(next.starts_with("  t2 (tid ") && next.ends_with(" sleeps"), "{next}");
    let process = proc::field(format!("/proc/{tid}/status"), "Tgid").expect("it lives");
    let process = Pid::from_raw(process.parse().expect("an id"));
    let threads = threads(process);
    assert_eq!(threads[tid], ("t1".to_owned(), "S (sleeping)".to_owned()));
    let others = threads.values().filter(|(name, state)| name == "t2" && state.starts_with('S'));
    assert_eq!(others.count(), 1, "{threads:?}");
    // Each at a lock of its own, which has the number 2 while a thread waits for it.
    let at = threads.iter().filter(|(_, (name, _))| name.starts_with('t'));
    let at: Vec<_> = at.filter_map(|(tid, _)| waits_in(tid)).collect();
    if let [(first, one), (second, other)] = &at[..] {
        assert_eq!([*first, *second], [nix::libc::SYS_futex; 2]);
        assert!(one[0] != other[0] && one[2] as u32 == 2 && other[2] as u32 == 2, "{at:x?}");
    } else {
        start::pass_over("this system does not let a test see where a thread waits");
    }
    (running, process)
}

#[test]
fn two_threads_of_another_process_wait_for_each_other() {
    let (running, process) = deadlock();
    assert_ne!(process, running.id());
    // Somebody ends what was to wait for ever, and the demo notices.
    running.signal(process, nix::sys::signal::Signal::SIGKILL);
    let (_, errors, status) = running.finish();
    assert_eq!(status.code(), Some(1));
    assert!(errors.contains("both have ended, and were to wait for ever"), "{errors}");
}

#[test]
fn nothing_stays_behind_when_the_demo_is_killed() {
    let (running, _) = deadlock();
    running.kill();
    running.finish_with_orphans();
}
