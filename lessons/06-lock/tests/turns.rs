//! The demo `turns`: who is inside at the most, and two threads that do the work.

mod demo;

use common::running::Running;
use demo::{demo, lines};

#[test]
fn a_lock_lets_in_one_at_a_time_and_the_work_is_the_same() {
    let lines = lines(&["turns", "--below", "54321"], "1");
    assert_eq!(lines[0], "two threads count the primes below 54321:");
    let rows = [("without a lock", 2), ("all inside a lock", 1), ("only the sum inside", 1)];
    assert_eq!(lines.len(), 1 + rows.len());
    for (line, (name, most)) in lines[1..].iter().zip(rows) {
        assert!(line.starts_with(&format!("  {name:19} 5525 in ")), "{line}");
        assert!(line.contains(&format!("s, most inside: {most}, ≈ ")), "{line}");
    }
}

#[test]
fn two_threads_do_the_work_at_the_same_time() {
    // It takes hours.
    let running = Running::start(demo(&["turns", "--below", "100000000"], "1"));
    running.wait_for_tasks(|threads| {
        let counting = threads.values().filter(|t| t.name == "counter" && t.state == 'R');
        counting.count() == 2
    });
}
