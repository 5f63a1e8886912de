//! The demos with channels, seen from outside, and the order of what they print.

use std::time::Duration;

use demo::{STAYS, demo, lines, wait_until_asleep};
use testing::running::{Running, tid};
use testing::test;

mod demo;

#[test]
fn a_send_without_room_waits_for_the_receiver() {
    let running = Running::start(demo(&["bounded"], STAYS));
    running.line_with(&["bounded(0)"]);
    // The main thread, which is about to receive, and the one that sends.
    wait_until_asleep(&running, &["05-threading", "sender"]);
    assert!(running.lines_until_silent_for(Duration::from_millis(100)).is_empty());

    let lines = lines(&["bounded"]);
    let place = |what: &str| lines.iter().position(|line| line.contains(what)).expect(what);
    assert!(place("main: now I receive") < place("send has returned"), "{lines:?}");
}

#[test]
fn what_is_received_is_what_was_sent() {
    // Who receives how much is up to the machine, so the counts differ from run to run.
    let lines = lines(&["channels"]);
    let received = lines.iter().filter_map(|line| {
        let (_, rest) = line.split_once("I received ≈ ")?;
        rest.split(',').next()?.parse::<usize>().ok()
    });
    assert_eq!(received.sum::<usize>(), 12, "{lines:?}");
}

#[test]
fn a_select_sleeps_until_one_of_two_threads_sends() {
    let running = Running::start(demo(&["select"], STAYS));
    let first = running.line_with(&["  tid "]);
    let second = running.line_with(&["  tid "]);
    let tasks = wait_until_asleep(&running, &["05-threading", "letters", "numbers"]);
    for line in [first, second] {
        let sent = if line.ends_with('a') { "letters" } else { "numbers" };
        assert_eq!(tasks[&tid(&line)].name, sent, "{line}");
    }
}

#[test]
fn a_select_ends_when_its_time_is_over_and_not_before() {
    // A tenth of a second; on a busy machine it takes seconds.
    let output = demo(&["select"], "0.1").output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let (_, time) = text.split_once("nothing came in ").unwrap();
    let (number, unit) = time.lines().next().unwrap().split_once(' ').unwrap();
    assert!(unit == "s" || number.parse::<f64>().unwrap() >= 100.0, "{time}");
}

#[test]
fn a_pipeline_is_three_threads_at_once() {
    let running = Running::start(demo(&["pipeline"], STAYS));
    running.line_with(&["to the end"]);
    wait_until_asleep(&running, &["05-threading", "read", "reverse", "show"]);
}

#[test]
fn the_end_of_a_pipeline_travels_down_and_up() {
    let lines = lines(&["pipeline"]);
    let ends = lines.iter().filter(|line| line.ends_with("I end"));
    let ends: Vec<_> = ends.map(|line| line.split_whitespace().next().unwrap()).collect();
    assert_eq!(ends, ["read", "reverse", "show", "show", "reverse", "read"], "{lines:?}");
}
