//! No demo leaves a process behind: not when it fails in the middle, and not when it is
//! killed.

use demo::{demo, through};
use testing::not_here::at_the_same_time;
use testing::running::{Running, kill_at_several_lines};
use testing::{start, test};

mod demo;

const DEMOS: [&str; 20] = [
    "queue",
    "pipe",
    "ipc",
    "sigpipe",
    "lines",
    "socket",
    "boundaries",
    "descriptor",
    "manager",
    "several",
    "full",
    "types",
    "too-many",
    "spawn",
    "start-methods",
    "accept",
    "killed-writer",
    "killed-reader",
    "two-senders",
    "signals",
];

#[test]
fn without_descriptors_a_demo_fails_and_leaves_nothing() {
    let mut failed_in_the_middle = 0;
    for name in DEMOS {
        // Until it has all that it needs, or fails late enough.
        for limit in 4..14 {
            let (lines, errors, status) =
                through(start::with_descriptors(limit), &[name]).finish_with_orphans();
            assert!(status.success() || !errors.is_empty(), "{name}, {limit}: {status}");
            if status.success() {
                break;
            }
            failed_in_the_middle += usize::from(!lines.is_empty());
        }
    }
    assert!(failed_in_the_middle >= 5, "{failed_in_the_middle} runs failed in the middle");
}

#[test]
fn without_another_process_a_demo_fails_and_leaves_nothing() {
    if !start::can_use_strace() {
        return;
    }
    for name in DEMOS {
        for number in 1..4 {
            let fault = format!("clone,clone3,fork,vfork:error=EAGAIN:when={number}");
            let (_, errors, status) =
                through(start::with_fault(&fault), &[name]).finish_with_orphans();
            let told = errors.contains("EAGAIN") || errors.contains("temporarily unavailable");
            assert!(status.success() || told, "{name}, {number}: {status} {errors}");
            // It starts no more than that.
            if status.success() {
                break;
            }
        }
    }
}

#[test]
fn a_demo_that_is_killed_takes_its_children_along() {
    // A name to connect to is a folder, which a program that is killed leaves behind.
    // In the usual place: the path of a socket must not be long.
    let folder = tempfile::tempdir().unwrap();
    at_the_same_time(DEMOS, |name| {
        kill_at_several_lines(|| {
            let mut command = demo(&[name]);
            command.env("TMPDIR", folder.path()).env("LESSON_PACE", "0.01");
            Running::start(command)
        });
    });
}
