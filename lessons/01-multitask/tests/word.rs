//! The demo `word`: which threads and processes there are, by the kernel's word,
//! and what each of them sees.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;
use std::time::Duration;

use nix::unistd::Pid;
use testing::running::Running;
use testing::seen::{has_ended, until, within};
use testing::witness::{self, Line};
use testing::{start, test};

const NAMES: [&str; 3] = ["typing", "spelling", "printing"];

fn word(pace: &str) -> Command {
    let mut demo = start::command(env!("CARGO_BIN_EXE_01-multitask"));
    demo.args(["word", "--pace", pace]);
    demo
}

/// What a line tells: name, tid, pid, what was added and what is seen.
fn told(line: &str) -> (&str, i32, i32, &str, &str) {
    let words: Vec<&str> = line.split_whitespace().collect();
    let &[name, "tid", tid, "of", "pid", pid, "added", added, "sees", sees] = &words[..] else {
        panic!("{line}");
    };
    let pid = pid.strip_suffix(':').unwrap().parse().unwrap();
    (name, tid.parse().unwrap(), pid, added.strip_suffix(',').unwrap(), sees)
}

#[test]
fn threads_share_the_variable_and_processes_do_not() {
    let testimony = witness::run(word("0")).unwrap();
    assert!(testimony.status.success());
    let parent = testimony.pid as i32;
    assert_eq!(testimony.lines.len(), 11, "{testimony:?}");
    let by_kernel = |line: &Line| line.pid as i32;

    let mut tids = Vec::new();
    for line in &testimony.lines[1..5] {
        let (name, tid, pid, added, sees) = told(&line.text);
        assert_eq!((pid, by_kernel(line), sees), (parent, parent, "111"), "{line:?}");
        let amount = ["1", "10", "100"].into_iter().zip(NAMES).find(|(_, known)| *known == name);
        assert_eq!(added, amount.map_or("nothing", |(amount, _)| amount));
        assert_eq!(tid == parent, name == "main");
        tids.push(tid);
    }
    for line in &testimony.lines[7..11] {
        let (name, tid, pid, added, sees) = told(&line.text);
        assert_eq!((tid, by_kernel(line)), (pid, pid), "{line:?}");
        assert_eq!(pid == parent, name == "main");
        assert_eq!(sees, if name == "main" { "0" } else { added });
        tids.push(tid);
    }
    // Three threads, three processes, and the parent in both parts.
    tids.sort_unstable();
    tids.dedup();
    assert_eq!(tids.len(), 7, "{testimony:?}");
}

/// The threads of a process, and their names, once there are four.
fn four_threads(pid: Pid) -> Option<BTreeMap<i32, String>> {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).ok()?.flatten();
    let named = tasks.map(|task| {
        let name = fs::read_to_string(task.path().join("comm")).ok()?;
        let tid = task.file_name().to_str()?.parse().ok()?;
        Some((tid, name.trim().to_owned()))
    });
    let named = named.collect::<Option<BTreeMap<_, _>>>()?;
    // A thread has its name a moment after it was made.
    let ready = NAMES.iter().all(|name| named.values().any(|known| known == name));
    (named.len() == 4 && ready).then_some(named)
}

fn three_children(pid: Pid) -> Option<Vec<i32>> {
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).ok()?;
    let children: Vec<_> = children.split_whitespace().map(|pid| pid.parse().unwrap()).collect();
    (children.len() == 3).then_some(children)
}

/// Looks at demos that are slower and slower, until it was in time for one: on a
/// busy machine a test may come too late. In so much time it must have seen it.
fn look<T>(look: impl Fn(Running, Duration) -> Option<T>) -> T {
    let paces = [("0.5", 150), ("5", 1500), ("50", 15_000)];
    paces
        .into_iter()
        .find_map(|(pace, ms)| look(Running::start(word(pace)), Duration::from_millis(ms)))
        .expect("in one of three runs it is in time")
}

#[test]
fn the_kernel_knows_the_threads_by_these_ids_and_names() {
    let (threads, lines) = look(|demo, time| {
        let threads = within(time, || four_threads(demo.id()));
        let (lines, ..) = demo.finish();
        Some((threads?, lines))
    });
    for line in &lines[1..4] {
        let (name, tid, ..) = told(line);
        assert_eq!(threads.get(&tid).map(String::as_str), Some(name), "{threads:?}");
    }
}

#[test]
fn no_process_is_left_when_the_parent_is_killed() {
    look(|demo, time| {
        demo.line_with(&["three processes"]);
        let Some(children) = within(time, || three_children(demo.id())) else {
            demo.finish();
            return None;
        };
        demo.kill();
        until("they end with their parent", || children.iter().all(has_ended));
        demo.finish_with_orphans();
        Some(())
    });
}
