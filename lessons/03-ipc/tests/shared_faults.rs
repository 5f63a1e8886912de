//! `shared-memory`, `ring` and `speed` leave no process behind: not when they fail in the middle,
//! and not when they are killed.

use std::process::Command;

use nix::sys::signal::Signal;
use testing::running::{Running, kill_at_several_lines};
use testing::{start, test};

/// Each so that it is quick.
const DEMOS: [&[&str]; 4] = [
    &["shared-memory"],
    &["ring"],
    &["ring", "--awake"],
    &["speed", "--most=8", "--time=1", "--cpus=1", "--without-python"],
];

/// Starts the demo through a command that starts programs in some way.
fn through(mut command: Command, arguments: &[&str]) -> Running {
    command.arg(env!("CARGO_BIN_EXE_03-ipc")).args(arguments).env("LESSON_PACE", "0.01");
    Running::start(command)
}

fn demo(arguments: &[&str]) -> Running {
    through(start::command("env"), arguments)
}

#[test]
fn without_descriptors_a_demo_fails_and_leaves_nothing() {
    let mut failed_in_the_middle = 0;
    for arguments in DEMOS {
        // Until it has all that it needs, or fails late enough.
        for limit in 4..16 {
            let (lines, errors, status) =
                through(start::with_descriptors(limit), arguments).finish_with_orphans();
            // Of a socket that it makes for itself ipc-channel says no more.
            let words = ["Too many open files", "EMFILE", "Errno(24)"];
            let told = words.iter().any(|word| errors.contains(word));
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
fn without_another_process_or_memory_a_demo_fails_and_leaves_nothing() {
    if !start::can_use_strace() {
        return;
    }
    for (demo, calls, error, numbers) in [
        (0, "clone,clone3,fork,vfork", "EAGAIN", 1..5),
        (0, "memfd_create", "ENOMEM", 1..2),
        (2, "clone,clone3,fork,vfork", "EAGAIN", 1..2),
        (2, "memfd_create", "ENOMEM", 1..2),
        (2, "socketpair", "EMFILE", 1..2),
        (3, "clone,clone3,fork,vfork", "EAGAIN", 1..4),
    ] {
        for number in numbers {
            let fault = format!("{calls}:error={error}:when={number}");
            let (_, errors, status) =
                through(start::with_fault(&fault), DEMOS[demo]).finish_with_orphans();
            assert_eq!(status.code(), Some(1), "{demo}, {fault}: {errors}");
            assert!(errors.contains(error), "{demo}, {fault}: {errors}");
        }
    }
}

#[test]
fn a_demo_that_is_killed_takes_its_children_along() {
    for arguments in DEMOS {
        kill_at_several_lines(|| demo(arguments));
    }
}

#[test]
fn python_ends_with_the_demo() {
    if !start::is_installed("python3") {
        return;
    }
    // Killed while it measures a Queue: that has children too.
    let running = demo(&["speed", "--most=8", "--time=10", "--cpus=1"]);
    running.line_with(&["Python's Pipe"]);
    running.kill();
    running.finish_with_orphans();
}

#[test]
fn a_demo_ends_when_its_child_is_killed() {
    let running = demo(&["ring", "--pace", "1000"]);
    let child = running.pid_in("  child (pid ");
    running.line_with(&["  child (pid"]);
    running.signal(child, Signal::SIGKILL);
    let (_, errors, status) = running.finish();
    assert_eq!(status.code(), Some(1), "{errors}");
}
