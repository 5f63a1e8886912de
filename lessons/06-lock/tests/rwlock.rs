//! The demo `rwlock`: readers are inside together, and threads that sleep where it says so.

mod demo;

use demo::{asleep, demo, lines, milliseconds};
use testing::running::Running;
use testing::test;

#[test]
fn readers_share_it_and_a_writer_does_not() {
    let lines = lines(&["rwlock", "--readers", "4"], "0.05");
    assert_eq!(
        lines[..11],
        [
            "4 readers, each stays inside until all are there:",
            "  RwLock: all were inside at the same time",
            "  ShardedLock: all were inside at the same time",
            "main reads; may it write? false",
            "main reads no more; may it write? true",
            "main writes; may another thread read? false",
            "a reader sleeps until main has written 2",
            "it has read 2",
            "main reads; may another thread read? true",
            "main reads, a writer waits; may another thread read? false",
            "4 readers, each stays inside for 50.0 ms:",
        ]
    );
    // A time that the system may only lengthen: one after the other in the mutex.
    for (line, (name, at_least)) in
        lines[11..].iter().zip([("Mutex", 200.0), ("RwLock", 50.0), ("ShardedLock", 50.0)])
    {
        let time = line.strip_suffix(" for all").expect(line);
        assert!(milliseconds(time, &format!("  {name}: ")) >= at_least, "{line}");
    }
    assert_eq!(lines.len(), 14);
}

#[test]
fn readers_of_a_mutex_wait_for_each_other() {
    // The first of them stays inside for minutes.
    let running = Running::start(demo(&["rwlock"], "1000"));
    running.line_with(&["3 readers, each stays inside for "]);
    let threads = asleep(&running, 4);
    assert_eq!(threads.values().filter(|thread| thread.name == "reader").count(), 3);
}
