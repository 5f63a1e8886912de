//! Children that nobody waited for.

use std::path::Path;

use serde_json::{Value, json};

use super::lives::Lives;
use super::trace::{XTASK, events, example, in_time, is_allowed};
use super::{in_both, only_child};

/// The events of the first task about children that it never waited for.
fn zombies(lives: &Lives) -> Vec<&Value> {
    let own = lives.events[&lives.root].iter();
    own.filter(|event| !event["zombie"].is_null()).collect()
}

#[test]
fn a_child_that_nobody_waited_for_is_told_when_its_parent_ends() {
    for (way, end) in
        [("unwaited", json!({ "exited": 0 })), ("unwaited-and-killed", json!({ "killed": 9 }))]
    {
        in_both(way, |lives| {
            assert_eq!(*lives.end(lives.root), end, "{lives:#?}");
            let zombie = lives.children[&lives.root][0];
            let [event] = zombies(lives)[..] else { panic!("{lives:#?}") };
            assert_eq!((&event["zombie"], &event["group"]), (&json!(zombie), &json!("wait")));
            let text = event["text"].as_str().unwrap();
            let begin = format!("never waited for pid {zombie}, a zombie for ");
            assert!(text.starts_with(&begin), "{text}");
        });
    }
}

/// /proc has the name too, so what is read there is not always UTF-8.
#[test]
fn a_zombie_with_a_name_of_any_bytes_is_one() {
    in_both("odd-name", |lives| {
        let child = only_child(lives, lives.root);
        let [event] = zombies(lives)[..] else { panic!("{lives:#?}") };
        assert_eq!(event["zombie"], json!(child));
        assert_eq!(event["name"], "a\u{fffd}\\u{1b}[2J\\nb", "{lives:#?}");
    });
}

#[test]
fn a_child_that_the_kernel_removes_is_no_zombie() {
    in_both("ignored", |lives| {
        assert_eq!(*lives.end(only_child(lives, lives.root)), json!({ "exited": 3 }));
        assert_eq!(zombies(lives), [&Value::Null; 0], "{lives:#?}");
    });
}

#[test]
fn the_tree_shows_which_child_nobody_waited_for() {
    if !is_allowed() {
        return;
    }
    let mut trace = in_time(Path::new(XTASK));
    trace.args(["trace", "--tree", "--"]).arg(example("tasks")).arg("unwaited");
    let output = trace.output().unwrap();
    let tree = str::from_utf8(&output.stdout).unwrap();
    let ends = tree.lines().map(|line| {
        let (_, end) = line.split_once("tasks: exited, ").expect("an end");
        let (status, after) = end.split_once(", at ").expect("a time");
        (status, after.ends_with(", never waited for"))
    });
    let expected = [
        ("status 0", false),
        ("status 3", true),
        ("status 4", false),
        ("status 5", false),
        ("status 6", false),
    ];
    assert_eq!(ends.collect::<Vec<_>>(), expected, "{tree}");
}

/// What is shown does not decide what is known.
#[test]
fn waits_count_where_they_are_not_shown() {
    if !is_allowed() {
        return;
    }
    let mut trace = in_time(Path::new(XTASK));
    let tasks = example("tasks");
    trace.args(["trace", "--json", "--only", "exit", "--"]).arg(&tasks).arg("unwaited");
    let shown = events(&mut trace);
    assert!(shown.iter().all(|event| event["group"] == "exit"), "{shown:#?}");
    let mut trace = in_time(Path::new(XTASK));
    trace.args(["trace", "--json", "--only", "wait", "--"]).arg(&tasks).arg("unwaited");
    let zombies = events(&mut trace).iter().filter(|event| !event["zombie"].is_null()).count();
    assert_eq!(zombies, 1);
}
