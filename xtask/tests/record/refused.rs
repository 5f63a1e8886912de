//! What the recorder says where the kernel refuses what it needs.

use std::path::Path;
use std::process::{Command, Output};

use nix::errno::Errno;
use nix::libc;
use testing::start::refuse;

use super::trace::{XTASK, example, in_time, is_allowed};

/// The recorder on a program, where a call is refused as in a strict container.
fn record_without(call: libc::c_long, program: &str) -> Output {
    let mut recorder = recorder(program);
    refuse(&mut recorder, call, Errno::EPERM);
    recorder.output().unwrap()
}

fn recorder(program: &str) -> Command {
    let mut recorder = in_time(&example("record"));
    recorder.args([XTASK, "shown", program]);
    recorder
}

fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn without_ptrace_the_system_is_said_to_refuse_it() {
    let output = record_without(libc::SYS_ptrace, "true");
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    assert_eq!(
        errors(&output),
        "this system does not let a program be traced (ptrace: Operation not permitted)\n"
    );
}

#[test]
fn without_seccomp_the_starter_says_why_it_stopped() {
    if !is_allowed() {
        return;
    }
    let output = record_without(libc::SYS_seccomp, "true");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let errors = errors(&output);
    assert!(errors.contains("true could not be started: install the filter (seccomp)"), "{errors}");
    assert!(errors.contains("Operation not permitted"), "{errors}");
}

#[test]
fn a_program_that_cannot_be_started_is_named_with_the_reason() {
    if !is_allowed() {
        return;
    }
    let output = recorder("/no/such/program").output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let errors = errors(&output);
    assert!(
        errors.contains("/no/such/program could not be started: No such file or directory"),
        "{errors}"
    );
}

#[test]
fn a_starter_that_cannot_be_started_is_named_with_the_reason() {
    let mut recorder = in_time(&example("record"));
    let output = recorder.args(["/no/such/xtask", "shown", "true"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let errors = errors(&output);
    assert!(errors.contains("start /no/such/xtask"), "{errors}");
    assert!(errors.contains("No such file or directory"), "{errors}");
}

#[test]
fn options_that_exclude_each_other_are_refused_and_not_passed_over() {
    for (option, other) in [("--all", "--only"), ("--tree", "--only")] {
        let mut xtask = in_time(Path::new(XTASK));
        let output = xtask.args(["trace", "02-fork", option, other, "fork"]).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        assert!(output.stdout.is_empty(), "{output:?}");
        let errors = errors(&output);
        assert!(errors.contains(&format!("one of {other} and {option} at a time")), "{errors}");
    }
}

#[test]
fn a_reader_is_told_where_the_options_of_the_traced_program_belong() {
    for (arguments, option) in [
        (&["trace", "02-fork", "zombie", "--pace", "0.1"][..], "--pace"),
        (&["trace", "02-fork", "cost", "--most=1"], "--most"),
        (&["trace", "02-fork", "-x"], "-x"),
    ] {
        let output = in_time(Path::new(XTASK)).args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        assert!(output.stdout.is_empty(), "{output:?}");
        let errors = errors(&output);
        assert!(errors.starts_with(&format!("xtask: no option '{option}' of trace")), "{errors}");
        assert!(errors.ends_with("; options of a demo or a program come after `--`\n"), "{errors}");
    }
    // No other command starts a program with options of its own.
    let output = in_time(Path::new(XTASK)).args(["list", "--pace", "0.1"]).output().unwrap();
    assert!(!errors(&output).contains("come after"), "{output:?}");
}
