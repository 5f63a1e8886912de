//! No demo leaves a process behind: not when it fails in the middle, and not when it
//! is killed.

use std::process::Command;

use demo::demo;
use testing::not_here::at_the_same_time;
use testing::running::{Running, kill_at_several_lines};
use testing::{start, test};

mod demo;

/// All of them, each so that it is quick.
const DEMOS: [&[&str]; 16] = [
    &["twice"],
    &["family"],
    &["copies", "--mib", "1"],
    &["exec"],
    &["zombie"],
    &["orphan"],
    &["crash"],
    &["signals"],
    &["group"],
    &["buffered"],
    &["inherit"],
    &["threads"],
    &["safe-calls"],
    &["handlers"],
    &["cost", "--most", "1"],
    &["huge-pages", "--mib", "4"],
];

/// Starts the demo through a command that starts programs in some way.
fn through(mut command: Command, arguments: &[&str]) -> Running {
    command.arg(env!("CARGO_BIN_EXE_02-fork")).args(arguments).env("LESSON_PACE", "0");
    Running::start(command)
}

#[test]
fn without_descriptors_for_its_pipes_a_demo_fails_and_leaves_nothing() {
    let mut failed_in_the_middle = 0;
    for arguments in DEMOS {
        // Until it has all that it needs, or fails late enough.
        for limit in 4..11 {
            let (lines, errors, status) =
                through(start::with_descriptors(limit), arguments).finish_with_orphans();
            let told = errors.contains("Too many open files") || errors.contains("EMFILE");
            assert!(status.success() || told, "{arguments:?}, {limit}: {status} {errors}");
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
    for arguments in DEMOS {
        for number in 1..4 {
            let fault = format!("clone,clone3,fork,vfork:error=EAGAIN:when={number}");
            let (_, errors, status) =
                through(start::with_fault(&fault), arguments).finish_with_orphans();
            let told = errors.contains("EAGAIN") || errors.contains("temporarily unavailable");
            assert!(status.success() || told, "{arguments:?}, {number}: {status} {errors}");
            // It starts no more than that.
            if status.success() {
                break;
            }
        }
    }
}

#[test]
fn a_demo_that_is_killed_takes_its_children_along() {
    at_the_same_time(DEMOS, |arguments| kill_at_several_lines(|| Running::start(demo(arguments))));
}
