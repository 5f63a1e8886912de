//! The demo `event`: who waits for it, and that those who wait are woken.

mod demo;

use std::collections::BTreeSet;

use demo::{demo, lines};
use testing::figures::{assert_between, times};
use testing::running::tid;
use testing::strace::{Call, record};
use testing::test;

#[test]
fn each_of_three_runs_and_a_limit_is_kept() {
    let lines = lines(&["event"], "0.05");
    assert_eq!(lines[0], "3 threads wait; is it set? false");
    for line in &lines[1..4] {
        assert!(line.starts_with("thread (tid ") && line.ends_with(") runs"), "{line}");
    }
    assert_eq!(lines[1..4].iter().map(|line| tid(line)).collect::<BTreeSet<_>>().len(), 3);
    assert_eq!(lines[4], "main comes late, and need not wait");
    assert!(
        lines[5]
            .starts_with("cleared; main waits with a limit of 50.0 ms: is it set? false, after ")
    );
    // Times that the system may only lengthen.
    let [_, waited] = times(&lines[5])[..] else { panic!("{lines:#?}") };
    assert!(waited >= 0.05, "{lines:#?}");
    assert!(
        lines[6].starts_with("a thread that beats every second: two beats took "),
        "{lines:#?}"
    );
    assert!(times(&lines[6])[0] >= 0.1, "{lines:#?}");
    assert_eq!(lines[8], "  every order that makes a difference: 2 tried, 1 went wrong");
    assert_eq!(
        lines.last().unwrap(),
        "  every order that makes a difference: 1 tried, 0 went wrong"
    );
}

#[test]
fn the_threads_sleep_until_main_has_said_so() {
    let calls = "write,prctl,futex,clock_nanosleep,nanosleep";
    let Some(recorded) = record(&demo(&["event"], "0.02"), calls) else { return };
    assert!(recorded.sleeps().is_empty(), "a sleep in place of a wait: {recorded:#?}");
    let told = recorded.written("3 threads wait");
    let started = recorded.started();
    let of_name =
        |name: &str| -> Vec<_> { started.iter().filter(|thread| thread.name() == name).collect() };
    let runners = of_name("runner");
    assert_eq!(runners.len(), 3);
    for runner in runners {
        let mut waits = runner.calls("futex").filter(|call| call.arguments.contains("FUTEX_WAIT"));
        assert!(waits.any(|call| call.begin < told.begin && told.begin < call.end), "{runner:#?}");
    }
    let heart = of_name("heart");
    let beats = heart[0].calls("futex").filter(|call| call.error.as_deref() == Some("ETIMEDOUT"));
    let beats: Vec<_> = beats.map(Call::time).collect();
    assert!(heart.len() == 1 && beats.len() >= 2, "{heart:#?}");
    let written = recorded.written("a thread that beats every second");
    let line = recorded.lines.iter().find(|line| line.starts_with("a thread that beats")).unwrap();
    let before = recorded.written("cleared; main waits");
    assert_between(beats[0] + beats[1], times(line)[0], written.begin - before.end);
}
