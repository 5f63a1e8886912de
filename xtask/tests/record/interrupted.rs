//! Calls that a signal interrupts: which the program makes again, and which the kernel.

use std::fs;
use std::process::Command;

use serde_json::{Value, json};

use super::lives::Lives;
use super::trace::{is_allowed, record};
use super::{in_both, only_child};

/// A child whose reads are ended three times by a handler that jumps back to before the read, and
/// three times by one whose signal is not blocked while it runs. (In C: Rust has no longjmp.)
const JUMPS: &str = r#"
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static sigjmp_buf before;
static void jump(int signal) { (void)signal; siglongjmp(before, 1); }

static int child(int from, int flags) {
    struct sigaction action = {.sa_handler = jump, .sa_flags = flags};
    volatile int jumps = 0;
    char byte;
    sigaction(SIGUSR1, &action, NULL);
    if (sigsetjmp(before, flags == SA_RESTART)) jumps++;
    return read(from, &byte, 1) == 1 ? jumps : -1;
}

static void until_asleep(pid_t process) {
    char file[32], state = 0;
    sprintf(file, "/proc/%d/stat", process);
    while (state != 'S') {
        FILE *stat = fopen(file, "r");
        fscanf(stat, "%*d %*s %c", &state);
        fclose(stat);
    }
}

int main(void) {
    int flags[2] = {SA_RESTART, SA_NODEFER};
    for (int round = 0; round < 2; round++) {
        int ends[2], status;
        pipe(ends);
        pid_t process = fork();
        if (process == 0) _exit(child(ends[0], flags[round]));
        for (int count = 0; count < 3; count++) {
            until_asleep(process);
            kill(process, SIGUSR1);
        }
        until_asleep(process);
        write(ends[1], "!", 1);
        waitpid(process, &status, 0);
        if (WEXITSTATUS(status) != 3) return 1;
    }
    return 0;
}
"#;

/// The texts of the reads of the only child, without how long each took.
fn reads(lives: &Lives) -> Vec<String> {
    let child = &lives.events[&only_child(lives, lives.root)];
    let reads = child.iter().filter(|event| event["call"] == "read");
    let text = |event: &Value| {
        let (text, _) = event["text"].as_str().unwrap().split_once(", after ").unwrap();
        text.to_owned()
    };
    reads.map(text).filter(|text| text.starts_with("read from pipe")).collect()
}

#[test]
fn a_call_that_the_program_makes_again_is_another_call() {
    in_both("retries", |lives| {
        let interrupted = "read from pipe 1, read end: interrupted by a signal";
        let last = "read from pipe 1, read end: \"!\" (1 byte)";
        assert_eq!(reads(lives), [interrupted, interrupted, interrupted, last], "{lives:#?}");
        // The program counted its reads, too.
        assert_eq!(*lives.end(only_child(lives, lives.root)), json!({ "exited": 4 }));
    });
}

#[test]
fn a_call_whose_interruption_ends_the_process_is_told() {
    in_both("ended-by-handler", |lives| {
        let interrupted = "read from pipe 1, read end: interrupted by a signal";
        assert_eq!(reads(lives), [interrupted], "{lives:#?}");
        let child = &lives.events[&only_child(lives, lives.root)];
        let place = |text: &str| {
            let texts = child.iter().map(|event| event["text"].as_str().unwrap());
            texts.clone().position(|it| it.contains(text)).unwrap_or_else(|| panic!("{child:#?}"))
        };
        let order = ["interrupted by a signal", "gets SIGUSR1", "exit the process, status 3"];
        assert!(order.map(place).is_sorted(), "{child:#?}");
        let read = child.iter().find(|event| event["call"] == "read").unwrap();
        assert!((-516..=-512).contains(&read["result"].as_i64().unwrap()), "{read}");
    });
}

#[test]
fn a_call_that_was_interrupted_unnoticed_and_never_went_on_does_not_return() {
    in_both("killed-while-stopped", |lives| {
        assert_eq!(reads(lives), ["read from pipe 1, read end: does not return"], "{lives:#?}");
        let child = &lives.events[&only_child(lives, lives.root)];
        let read = child.iter().find(|event| event["call"] == "read").unwrap();
        assert_eq!(read["result"], Value::Null, "{read}");
    });
}

#[test]
fn a_call_that_goes_on_after_a_handler_with_calls_of_its_own_is_one_call() {
    in_both("read-in-handler", |lives| {
        assert_eq!(
            reads(lives),
            [
                "read from pipe 2, read end: \"!\" (1 byte)",
                "read from pipe 1, read end: \"!\" (1 byte)",
            ],
            "{lives:#?}"
        );
    });
}

#[test]
fn calls_out_of_which_a_handler_jumps_are_as_many_calls() {
    if !is_allowed() {
        return;
    }
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    fs::write(folder.path().join("jumps.c"), JUMPS).unwrap();
    let mut compiler = Command::new("cc");
    compiler.args(["-w", "-o", "jumps", "jumps.c"]).current_dir(&folder);
    assert!(compiler.status().unwrap().success());
    for selection in ["shown", "all"] {
        let program = folder.path().join("jumps");
        let lives = Lives::of(&record(selection, &[program.to_str().unwrap()], "1"));
        assert_eq!(*lives.end(lives.root), json!({ "exited": 0 }), "{lives:#?}");
        for child in &lives.children[&lives.root] {
            let is_read = |event: &&Value| event["call"] == "read" && event["group"] == "data";
            let reads = lives.events[child].iter().filter(is_read);
            let results: Vec<bool> = reads.map(|event| event["result"] == 1).collect();
            assert_eq!(results, [false, false, false, true], "{lives:#?}");
        }
    }
}
