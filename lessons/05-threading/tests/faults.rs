//! No demo hangs or leaves a process behind when one of its threads or processes cannot
//! be started.

use testing::running::Running;
use testing::{start, test};

/// All of them, each so that it is quick.
const DEMOS: &[&[&str]] = &[
    &["loop"],
    &["names"],
    &["join"],
    &["detach"],
    &["crash"],
    &["panic"],
    &["scoped"],
    &["scopes"],
    &["channels"],
    &["bounded"],
    &["select"],
    &["pipeline"],
    &["local"],
    &["parallel", "--threads", "2", "--steps", "1000"],
    &["crowd", "--threads", "2", "--processes", "2"],
    &["send"],
    &["cancel"],
    &["future"],
    &["timer"],
    &["many", "--tasks", "2"],
];

#[test]
fn without_another_thread_or_process_a_demo_fails_and_leaves_nothing() {
    if !start::can_use_strace() {
        return;
    }
    let mut failed = 0;
    for arguments in DEMOS {
        // It counts for each thread: the second of the main thread, and so on.
        for number in 1..=6 {
            let fault = format!("clone,clone3,fork,vfork:error=EAGAIN:when={number}");
            let mut command = start::with_fault(&fault);
            command.arg(env!("CARGO_BIN_EXE_05-threading")).args(*arguments);
            command.env("LESSON_PACE", "0");
            let (_, errors, status) = Running::start(command).finish_with_orphans();
            let told = errors.contains("EAGAIN") || errors.contains("temporarily unavailable");
            assert!(status.success() || told, "{arguments:?}, {number}: {status} {errors}");
            // No thread of it starts more than that.
            if status.success() {
                break;
            }
            failed += 1;
        }
    }
    assert!(failed > DEMOS.len(), "{failed} runs have failed");
}
