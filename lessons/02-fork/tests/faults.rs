//! No demo leaves a process behind: not when it fails in the middle, and not when it
//! is killed.

use demo::demo;
use testing::running::Running;
use testing::start;

mod demo;

/// All of them, each so that it is quick.
const DEMOS: [&[&str]; 11] = [
    &["twice"],
    &["family"],
    &["copies", "--mib", "1"],
    &["exec"],
    &["zombie"],
    &["orphan"],
    &["crash"],
    &["signals"],
    &["buffered"],
    &["threads"],
    &["cost", "--most", "1"],
];

/// A program that starts the demo in some way: its words, then those of the demo.
fn through(words: &[&str], arguments: &[&str]) -> Running {
    let mut command = start::command(words[0]);
    command.args(&words[1..]).arg(env!("CARGO_BIN_EXE_02-fork")).args(arguments);
    command.env("LESSON_PACE", "0");
    Running::start(command)
}

#[test]
fn without_descriptors_for_its_pipes_a_demo_fails_and_leaves_nothing() {
    let mut failed_in_the_middle = 0;
    for arguments in DEMOS {
        for limit in 4..11 {
            // A command with a limit: what it opens beyond it fails.
            let script = format!("ulimit -n {limit}; exec \"$0\" \"$@\"");
            let (lines, errors, status) =
                through(&["sh", "-c", &script], arguments).finish_with_orphans();
            let told = errors.contains("Too many open files") || errors.contains("EMFILE");
            assert!(status.success() || told, "{arguments:?}, {limit}: {status} {errors}");
            failed_in_the_middle += usize::from(!status.success() && !lines.is_empty());
        }
    }
    assert!(failed_in_the_middle >= 5, "{failed_in_the_middle} runs failed in the middle");
}

#[test]
fn without_another_process_a_demo_fails_and_leaves_nothing() {
    if !start::is_installed("strace") {
        return;
    }
    for arguments in DEMOS {
        for number in 1..4 {
            let fault = format!("inject=clone,clone3,fork,vfork:error=EAGAIN:when={number}");
            let strace = ["strace", "-f", "--seccomp-bpf", "-qq", "-o/dev/null", "-e", &fault];
            let (_, errors, status) = through(&strace, arguments).finish_with_orphans();
            let told = errors.contains("EAGAIN") || errors.contains("temporarily unavailable");
            assert!(status.success() || told, "{arguments:?}, {number}: {status} {errors}");
        }
    }
}

#[test]
fn a_demo_that_is_killed_takes_its_children_along() {
    for arguments in DEMOS {
        // After its first line, after its second, and so on to its end.
        for lines in 1.. {
            let running = Running::start(demo(arguments));
            if (0..lines).any(|_| running.next_line().is_none()) {
                running.finish_with_orphans();
                break;
            }
            running.kill();
            running.finish_with_orphans();
        }
    }
}
