//! No demo leaves a process behind when it is killed.

use testing::not_here::at_the_same_time;
use testing::running::{Running, kill_at_several_lines};
use testing::{start, test};

/// All of them, each so that it is quick.
const DEMOS: [&[&str]; 10] = [
    &["pool"],
    &["map"],
    &["crash"],
    &["threads"],
    &["lost"],
    &["close"],
    &["panic"],
    &["rayon"],
    &["steal"],
    &["speed", "--tasks", "100"],
];

fn demo(arguments: &[&str]) -> Running {
    let mut demo = start::command(env!("CARGO_BIN_EXE_04-pool"));
    demo.args(arguments).env("LESSON_PACE", "0.01");
    Running::start(demo)
}

#[test]
fn a_demo_that_is_killed_takes_its_workers_along() {
    at_the_same_time(DEMOS, |arguments| kill_at_several_lines(|| demo(arguments)));
}

#[test]
fn each_demo_is_killed() {
    let list = start::command(env!("CARGO_BIN_EXE_04-pool")).arg("--list").output().unwrap();
    let list = String::from_utf8(list.stdout).unwrap();
    let names = list.lines().map(|line| line.split('\t').next().unwrap());
    assert!(names.eq(DEMOS.iter().map(|arguments| arguments[0])), "{list}");
}
