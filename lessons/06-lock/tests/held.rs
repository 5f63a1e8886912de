//! The demo `held`: who waits for the lock is a thread that sleeps, by the kernel's word.

mod demo;

use demo::{asleep, demo, lines};
use testing::running::Running;
use testing::test;

#[test]
fn who_finds_the_lock_free_never_sleeps_and_who_finds_it_taken_sleeps_once() {
    let lines = lines(&["held", "--times", "54321"], "0.02");
    assert_eq!(lines.len(), 3, "{lines:#?}");
    assert!(lines[0].starts_with("54321 times, nobody else wants it: "), "{lines:#?}");
    assert!(lines[0].ends_with(" ns each, sleeps: 0"), "{lines:#?}");
    assert!(lines[1].starts_with("54321 times, another wants it too: "), "{lines:#?}");
    assert!(lines[2].starts_with("once, another holds it for 20.0 ms: "), "{lines:#?}");
    assert!(lines[2].ends_with("s, sleeps: 1"), "{lines:#?}");
}

#[test]
fn the_waiter_sleeps_for_as_long_as_the_lock_is_held() {
    // It is held for minutes.
    let running = Running::start(demo(&["held"], "1000"));
    running.line_with(&["1000000 times, another wants it too: "]);
    let threads = asleep(&running, 2);
    assert!(threads.values().any(|thread| thread.name == "waiter"), "{threads:?}");
}
