//! The demo `once`: four threads that wait for one, and what it says of a panic.

mod demo;

use std::time::Duration;

use demo::{asleep, demo, lines};
use testing::running::Running;

#[test]
fn it_is_made_once_and_a_panic_is_forgotten_or_kept() {
    let lines = lines(&["once"], "0.02");
    assert_eq!(lines[0], "four threads ask at the same time:");
    for (line, way) in lines[1..].iter().zip(["OnceLock", "LazyLock", "Once"]) {
        let rest = "made 1 time, 3 threads slept meanwhile; got [42, 42, 42, 42]";
        assert_eq!(*line, format!("  {way}: {rest}"));
    }
    assert_eq!(lines.len(), 11);
    let again = &lines[5..];
    for way in ["OnceLock", "LazyLock", "Once"] {
        let first = format!("  {way}, first: panic ≈ \"there is no value yet\"");
        assert!(again.contains(&first), "{again:#?}");
    }
    assert_eq!(again[1], "  OnceLock, second: 42");
    for (line, way) in [(&again[3], "LazyLock"), (&again[5], "Once")] {
        assert!(line.starts_with(&format!("  {way}, second: panic ≈ \"{way} instance ")), "{line}");
    }
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
