//! `cargo xtask trace --tree`.

use std::path::Path;

use crate::trace::{XTASK, build, example, in_time, is_allowed};

#[test]
fn the_tree_shows_each_child_below_its_parent_with_its_end() {
    if !is_allowed() {
        return;
    }
    build(&["--package", "lesson-02-fork"]);
    let trace = ["trace", "02-fork", "orphan", "--tree"];
    let output = in_time(Path::new(XTASK)).args(trace).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let tree: Vec<_> = str::from_utf8(&output.stdout).unwrap().lines().map(shape).collect();
    assert_eq!(
        tree,
        [
            "pid 02-fork: exited, status 0",
            "├─ pid 02-fork: killed by signal 9",
            "│  └─ pid 02-fork: exited, status 0",
            "├─ pid 02-fork: killed by signal 9",
            "│  └─ pid 02-fork: exited, status 0",
            "└─ pid 02-fork: killed by signal 9",
            "   └─ pid 02-fork: killed by signal 9",
        ]
    );
}

/// What a task is called does not break its line, in any view.
#[test]
fn a_name_stays_on_its_line() {
    if !is_allowed() {
        return;
    }
    for view in [&[][..], &["--tree"], &["--step", "--keys", "a"]] {
        let mut trace = in_time(Path::new(XTASK));
        trace.arg("trace").args(view).arg("--").arg(example("tasks")).arg("odd-name");
        let output = trace.output().unwrap();
        let text = str::from_utf8(&output.stdout).unwrap();
        assert!(text.lines().all(|line| line.contains("pid ")), "{view:?}: {text:?}");
        assert!(!text.replace('\n', "").contains(char::is_control), "{view:?}: {text:?}");
    }
}

/// A line without its id and its time, which differ from run to run.
fn shape(line: &str) -> String {
    let (line, _) = line.rsplit_once(", at ").expect("a time");
    let (branch, line) = line.split_once("pid ").expect("a process");
    let (id, line) = line.split_once(' ').expect("a name after the id");
    assert!(id.parse::<u32>().is_ok_and(|id| id > 0), "{id}");
    format!("{branch}pid {line}")
}
