//! `future`: each task is a thread of its own, and a time limit is a wait.

use std::time::Duration;

use demo::{demo, lines};
use testing::figures::{assert_between, times};
use testing::strace::{Call, record, record_with};
use testing::test;

mod demo;

#[test]
fn every_task_has_a_result() {
    let mut lines = lines(&["future"]);
    // Without waits, the first may be there at once.
    lines.retain(|line| !line.contains("not there after"));
    lines[3..].sort();
    let expected = [
        "a result that takes a second:",
        "  half of 8: 4",
        "three results, as they are complete:",
        "  half of 4: 2",
        "  half of 6: 3",
        "  half of 7: panicked: 7 is odd",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn the_three_run_at_the_same_time_and_each_is_reported_after_its_end() {
    // On a busy machine the second may have ended before the third starts.
    for (pace, tenth) in [("0.2", 20), ("2", 200)] {
        let calls = "write,clock_nanosleep,nanosleep,prctl";
        let Some(recorded) = record(&demo(&["future"], pace), calls) else { return };
        let sleeps = recorded.calls().into_iter().filter(|call| call.name.ends_with("nanosleep"));
        let sleeps: Vec<_> =
            sleeps.map(|call| (recorded.caller(call.caller).name(), call)).collect();
        assert_eq!(sleeps.len(), 4, "nobody else sleeps: {recorded:#?}");
        for (name, tenths, result) in [
            ("half of 8", 10, "4"),
            ("half of 4", 10, "2"),
            ("half of 7", 6, "panicked"),
            ("half of 6", 2, "3"),
        ] {
            let sleep = sleeps.iter().find(|(sleeper, _)| sleeper == name);
            let (_, sleep) = sleep.expect("each task sleeps");
            assert_eq!(sleep.times()[0], Duration::from_millis(tenth * tenths), "{name}");
            let report = recorded.written(&format!("  {name}: {result}"));
            assert!(sleep.end < report.begin, "{recorded:#?}");
        }
        let started = recorded.started();
        assert_eq!(started.len(), 4);
        if started[1..].iter().all(|thread| started[3].begin < thread.end()) {
            return;
        }
    }
    panic!("the three tasks were never there at the same time");
}

#[test]
fn a_limit_is_a_wait_and_its_time_is_measured() {
    // Each wait ends so much later that nobody could know the time without a look at the clock.
    let late = Duration::from_millis(20);
    let delay = format!("inject=futex:delay_exit={}", late.as_micros());
    // On a busy machine the result may be there before the wait, or the time be over.
    for pace in ["0.05", "0.5", "2"] {
        let demo = demo(&["future"], pace);
        let Some(recorded) = record_with(&["-e", &delay], &demo, "write,futex") else { return };
        let Some(line) = recorded.lines.iter().find(|line| line.contains("not there")) else {
            continue;
        };
        let (before, after) = (recorded.written("a result that"), recorded.written(line));
        let waits = recorded.first().calls.iter().filter(|call| {
            call.name == "futex" && before.end < call.begin && call.end < after.begin
        });
        let timed_out = |call: &&Call| call.error.as_deref() == Some("ETIMEDOUT");
        let inside = waits.filter(timed_out).map(|call| call.time() + late).sum::<Duration>();
        assert_between(inside, times(line)[0], after.begin - before.end);
        if !inside.is_zero() {
            return;
        }
    }
    panic!("it never waits for the result");
}
