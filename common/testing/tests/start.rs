//! A program that a test starts does not inherit what the test was started with.

use std::env::current_exe;
use std::fs::File;
use std::os::fd::AsRawFd;
use std::process::Command;

use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::sys::signal::Signal;
use testing::running::Running;
use testing::{seen, start};

#[test]
fn what_the_tests_were_started_with_does_not_reach_their_programs() {
    let mut env = start::command("env");
    env.args(["--ignore-signal=HUP,INT,QUIT,TERM,CHLD,USR2", "--block-signal=USR1"]);
    env.arg(current_exe().unwrap());
    env.args(["--ignored", "--exact", "the_programs_of_this_process_start_with_the_defaults"]);
    let output = env.output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
}

#[test]
fn a_file_that_the_tests_were_started_with_does_not_reach_their_programs() {
    let file = File::open("/dev/null").unwrap();
    // As a shell opens a file for the tests.
    fcntl(&file, FcntlArg::F_SETFD(FdFlag::empty())).unwrap();
    let has_it = |mut readlink: Command| {
        let output = readlink.arg(format!("/proc/self/fd/{}", file.as_raw_fd())).output().unwrap();
        output.stdout == b"/dev/null\n"
    };
    assert!(has_it(Command::new("readlink")));
    assert!(!has_it(start::command("readlink")));
}

/// What a file of /proc has after a name.
fn value<'a>(status: &'a str, name: &str) -> &'a str {
    status.lines().find_map(|line| line.strip_prefix(name)).unwrap().trim()
}

#[test]
#[ignore = "the other starts it, in a process that ignores and blocks signals"]
fn the_programs_of_this_process_start_with_the_defaults() {
    let own = std::fs::read_to_string("/proc/thread-self/status").unwrap();
    let bit = |signal: Signal| 1_u64 << (signal as i32 - 1);
    let has = |name, signal| u64::from_str_radix(value(&own, name), 16).unwrap() & bit(signal);
    for signal in [
        Signal::SIGHUP,
        Signal::SIGINT,
        Signal::SIGQUIT,
        Signal::SIGTERM,
        Signal::SIGCHLD,
        Signal::SIGUSR2,
    ] {
        assert_ne!(has("SigIgn:", signal), 0, "{signal} was to be ignored: {own}");
    }
    assert_ne!(has("SigBlk:", Signal::SIGUSR1), 0, "it was to be blocked: {own}");

    // With SIGCHLD ignored it could not even be waited for.
    let output = start::command("cat").args(["/proc/self/status", "/proc/self/limits"]).output();
    let output = output.unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    // The C library keeps two for itself, 32 and 33, and nobody can reset them.
    let ignored = u64::from_str_radix(value(&text, "SigIgn:"), 16).unwrap();
    assert_eq!(ignored & !(0b11 << 31), 0, "{ignored:x}");
    assert_eq!(value(&text, "SigBlk:"), "0000000000000000");
    assert!(value(&text, "Max core file size").starts_with("0 "), "{text}");
}

#[test]
fn what_a_test_started_ends_with_it() {
    let mut test = start::command(current_exe().unwrap());
    test.args(["--ignored", "--exact", "--nocapture", "it_starts_a_program_and_waits"]);
    let test = Running::start(test);
    let program = test.pid_in("started pid ");
    assert!(!seen::has_ended(program));
    test.kill();
    seen::until("the program ends with the test", || seen::has_ended(program));
}

#[test]
#[ignore = "the other starts it, and kills it"]
fn it_starts_a_program_and_waits() {
    // Without a process group of its own, and with nothing to notice the end by.
    let mut program = start::command("sleep").arg("1000").spawn().unwrap();
    println!("started pid {}", program.id());
    program.wait().unwrap();
}
