//! The demos `once` and `once-panics`: three threads wait for one; what a panic leaves.

mod demo;

use std::time::Duration;

use demo::{asleep, demo, lines};
use testing::running::Running;

#[test]
fn it_is_made_once() {
    let lines = lines(&["once"], "0.02");
    assert_eq!(lines[0], "four threads ask at the same time:");
    for (line, way) in lines[1..].iter().zip(["OnceLock", "LazyLock", "Once"]) {
        let rest = "made 1 time, 3 threads slept until then; got [42, 42, 42, 42]";
        assert_eq!(*line, format!("  {way}: {rest}"));
    }
    assert_eq!(lines.len(), 4);
}

#[test]
fn a_panic_is_forgotten_or_kept() {
    let lines = lines(&["once-panics"], "1");
    for (line, way) in lines.iter().step_by(2).zip(["OnceLock", "LazyLock", "Once"]) {
        assert_eq!(*line, format!("{way}, first: panic ≈ \"there is no value yet\""));
    }
    assert_eq!(lines[1], "OnceLock, second: 42");
    for (line, way) in [(&lines[3], "LazyLock"), (&lines[5], "Once")] {
        assert!(line.starts_with(&format!("{way}, second: panic ≈ \"{way} instance ")), "{line}");
    }
    assert_eq!(lines.len(), 6);
}

#[test]
fn the_others_sleep_while_one_makes_it() {
    // That takes minutes.
    let running = Running::start(demo(&["once"], "1000"));
    running.line_with(&["four threads ask"]);
    let threads = asleep(&running, 5);
    assert_eq!(threads.values().filter(|thread| thread.name == "asking").count(), 4);
    assert_eq!(running.lines_until_silent_for(Duration::ZERO), [""; 0]);
}
