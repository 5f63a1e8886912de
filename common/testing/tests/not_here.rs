//! A test that cannot do its work because the system refuses a call is passed over, and no other is.

use std::env::current_exe;
use std::process::Command;

use common::{pidfd, refused};
use nix::errno::Errno;
use nix::libc;
use nix::unistd::getpid;
use testing::not_here::at_the_same_time;
use testing::running::Running;
use testing::start;
use testing::witness;

/// Whether a test can choose here which call is refused: otherwise it is passed over.
fn can_refuse_calls() -> bool {
    let mut program = start::command("true");
    start::refuse(&mut program, libc::SYS_memfd_create, Errno::EPERM);
    if let Err(why) = program.output() {
        start::pass_over(&format!("no filter for calls can be set here: {why}"));
        return false;
    }
    let refused = refused::calls();
    refused.iter().for_each(|(name, why)| start::pass_over(&refused::sentence(name, *why)));
    refused.is_empty()
}

/// What tests below say, all of which are ignored otherwise, in a process in which this call is
/// refused.
fn run(call: libc::c_long, error: Errno, tests: &str) -> String {
    let mut command = start::command(current_exe().unwrap());
    command.args(["--ignored", "--nocapture", tests]);
    start::refuse(&mut command, call, error);
    let output = command.output().unwrap();
    String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
}

#[test]
fn where_a_call_is_refused_only_a_test_that_fails_without_it_is_passed_over() {
    if !can_refuse_calls() {
        return;
    }
    for error in [Errno::EPERM, Errno::ENOSYS] {
        let said = run(libc::SYS_pidfd_open, error, "not_here_");
        for way in ["a_panic", "a_running_demo", "a_demo_that_is_looked_at", "a_witness", "threads"]
        {
            let why = format!("ignored, this system refuses pidfd_open ({error:?})\n");
            let line = format!("\ntest not_here_by_{way} ... {why}");
            assert!(said.contains(&line), "{way}: {said}");
        }
        assert!(said.contains(" 5 passed; 0 failed;"), "{said}");

        let said = run(libc::SYS_pidfd_open, error, "fails");
        assert!(
            said.contains(" 0 passed; 5 failed;") && !said.contains(" ignored, this"),
            "{said}"
        );
    }
}

#[test]
fn where_it_is_not_refused_no_test_is_passed_over() {
    if !can_refuse_calls() {
        return;
    }
    // Another call is.
    let said = run(libc::SYS_memfd_create, Errno::EPERM, "not_here_by_a_panic");
    assert!(said.contains(" 1 passed; 0 failed;") && !said.contains(" ignored, this"), "{said}");
    let said = run(libc::SYS_memfd_create, Errno::EPERM, "not_here_by_threads");
    assert!(said.contains(" 0 passed; 1 failed;") && !said.contains(" ignored, this"), "{said}");
}

/// As a demo ends: with this status, and with a line on standard error.
fn demo(status: u8, error: &str) -> Command {
    let mut command = start::command("sh");
    command.args(["-c", "echo one; echo \"$1\" >&2; exit $0", &status.to_string(), error]);
    command
}

/// What a demo says where `pidfd_open` is refused.
fn refused_here() -> String {
    match pidfd::open(getpid()) {
        Ok(_) => format!("demo: pidfd_open(1): {}", Errno::EPERM),
        Err(why) => format!("demo: {why:#}"),
    }
}

// The tests that the others start.

#[testing::test]
#[ignore = "another starts it"]
fn not_here_by_a_panic() {
    pidfd::open(getpid()).unwrap();
}

#[testing::test]
#[ignore = "another starts it"]
fn not_here_by_a_running_demo() {
    Running::start(demo(3, &refused_here())).finish();
    panic!("a demo that cannot be shown ends its test");
}

#[testing::test]
#[ignore = "another starts it"]
fn not_here_by_a_demo_that_is_looked_at() {
    let running = Running::start(demo(3, &refused_here()));
    running.line_with(&["two"]);
}

#[testing::test]
#[ignore = "another starts it"]
fn not_here_by_a_witness() {
    witness::run(demo(3, &refused_here())).unwrap();
    panic!("a demo that cannot be shown ends its test");
}

#[testing::test]
#[ignore = "another starts it"]
fn not_here_by_threads() {
    at_the_same_time([0, 3], |status| {
        let (_, errors, status) = Running::start(demo(status, &refused_here())).finish();
        assert!(status.success(), "{status}: {errors}");
    });
}

#[testing::test]
#[ignore = "another starts it"]
fn another_reason_fails() {
    let (_, errors, status) = Running::start(demo(3, "demo: there is one CPU")).finish();
    assert!(status.success(), "{status}: {errors}");
}

#[testing::test]
#[ignore = "another starts it"]
fn another_call_that_is_not_refused_fails() {
    let error = refused_here().replace("pidfd_open", "memfd_create");
    let (_, errors, status) = Running::start(demo(3, &error)).finish();
    assert!(status.success(), "{status}: {errors}");
}

#[testing::test]
#[ignore = "another starts it"]
fn a_demo_that_goes_wrong_otherwise_fails() {
    let (lines, _, status) = Running::start(demo(0, &refused_here())).finish();
    assert!(status.success());
    assert_eq!(lines, ["two"]);
}

#[testing::test]
#[ignore = "another starts it"]
fn a_demo_that_is_looked_at_and_goes_wrong_otherwise_fails() {
    let running = Running::start(demo(1, &refused_here()));
    running.line_with(&["two"]);
}

#[testing::test]
#[ignore = "another starts it"]
fn one_of_several_threads_fails() {
    at_the_same_time([3, 0], |status| {
        let (lines, ..) = Running::start(demo(status, &refused_here())).finish();
        assert_eq!(lines, ["two"]);
    });
}
