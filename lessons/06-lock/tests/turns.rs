//! The demo `turns`: who is inside at the most, and two threads that do the work.

mod demo;

use demo::{asleep, demo, lines, milliseconds};
use testing::running::Running;
use testing::test;

#[test]
fn a_lock_lets_in_one_at_a_time_and_the_work_is_the_same() {
    let lines = lines(&["turns", "--questions", "12"], "1");
    assert_eq!(lines[0], "two threads ask 12 questions each; an answer takes 5.00 ms:");
    // Times that the system may only lengthen.
    let rows = [
        ("without a lock", 2, 60.0),
        ("all inside a lock", 1, 120.0),
        ("only the sum inside", 1, 60.0),
    ];
    assert_eq!(lines.len(), 1 + rows.len());
    for (line, (name, most, at_least)) in lines[1..].iter().zip(rows) {
        let (time, rest) = line.split_once(", ≈ ").unwrap();
        assert!(milliseconds(time, &format!("  {name:19} sum 4900, ")) >= at_least, "{line}");
        assert!(rest.ends_with(&format!(" times, most inside: {most}")), "{line}");
    }
}

#[test]
fn two_threads_do_the_work() {
    // It takes minutes, and each of them waits for answers.
    let running = Running::start(demo(&["turns", "--questions", "100000"], "1"));
    let threads = asleep(&running, 3);
    assert_eq!(threads.values().filter(|thread| thread.name == "asker").count(), 2);
}
