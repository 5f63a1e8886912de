//! The demo `semaphore`: how many threads are inside, and that the others wait.

mod demo;

use std::collections::BTreeSet;
use std::time::Duration;

use demo::{asleep, demo, lines};
use testing::running::{Running, tid};
use testing::test;

#[test]
fn as_many_are_inside_as_there_are_permits_and_never_more() {
    for permits in [1, 2, 3] {
        let lines = lines(&["semaphore", "--permits", &permits.to_string()], "0.02");
        let (mut inside, mut most) = (BTreeSet::new(), 0);
        for line in &lines[1..lines.len() - 1] {
            let (tid, what) = line.strip_prefix("thread (tid ").unwrap().split_once(") ").unwrap();
            let expected = match what {
                "is inside" => inside.insert(tid),
                "leaves" => inside.remove(tid),
                _ => false,
            };
            assert!(expected && inside.len() <= permits, "{line}: {lines:#?}");
            most = most.max(inside.len());
        }
        assert!(inside.is_empty() && lines.len() == 2 + 2 * 3 * permits, "{lines:#?}");
        assert_eq!(most, permits);
        let last = format!("all have been inside, at most {permits} at a time");
        assert_eq!(lines.last(), Some(&last));
    }
}

#[test]
fn a_thread_without_a_permit_sleeps() {
    // Those inside stay for minutes.
    let running = Running::start(demo(&["semaphore"], "1000"));
    running.line_with(&["6 threads, 2 permits"]);
    let inside = [running.next_line().unwrap(), running.next_line().unwrap()];
    let threads = asleep(&running, 7);
    for line in &inside {
        let thread = threads.get(&tid(line));
        assert!(thread.is_some_and(|thread| thread.name.starts_with("visitor ")), "{line}");
    }
    assert_eq!(running.lines_until_silent_for(Duration::ZERO), [""; 0]);
}
