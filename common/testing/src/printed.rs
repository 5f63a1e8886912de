//! What a part of a demo prints when a unit test calls it, with values that no demo has.
//!
//! A function that prints what it was given and one that prints what the demo gives it are
//! alike when the demo runs. They differ when a test calls them.

use std::env;
use std::panic::{self, AssertUnwindSafe};
use std::process::exit;
use std::thread;

use common::pace;

use crate::running::Running;
use crate::start;

/// In the process that prints, the name of the test.
const VARIABLE: &str = "TESTING_PRINTS";

/// Before what is printed: the test harness prints, too.
const BEGINNING: &str = "---- printed ----";

/// The lines that `print` and its threads write to standard output, at a pace.
///
/// The calling test starts once more, in a process of its own, which ends when `print` has
/// returned. So a test can call this once, and first.
///
/// # Panics
/// If `print` panics, or does not end.
pub fn lines(pace: &str, print: impl FnOnce()) -> Vec<String> {
    let test = thread::current().name().expect("a test has its name").to_owned();
    if env::var(VARIABLE).as_ref() == Ok(&test) {
        pace::set(pace).expect("a pace");
        println!("\n{BEGINNING}");
        // The harness must not judge it: a test may expect the panic.
        let ended = panic::catch_unwind(AssertUnwindSafe(print));
        exit(if ended.is_ok() { 0 } else { 101 });
    }
    let mut command = start::command(env::current_exe().expect("a test is a program"));
    // With one thread the harness would run the test in its main thread, which has another name.
    command.args([&*test, "--exact", "--nocapture", "--test-threads=2"]).env(VARIABLE, &test);
    let (mut lines, errors, status) = Running::start(command).finish();
    assert!(status.success(), "{lines:#?} {errors}");
    let beginning = lines.iter().position(|line| line == BEGINNING).expect("it was called");
    lines.split_off(beginning + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_other_threads_print_is_there_too() {
        let lines = lines("1", || {
            println!("one");
            thread::spawn(|| println!("two")).join().unwrap();
        });
        assert_eq!(lines, ["one", "two"]);
    }

    #[test]
    #[should_panic(expected = "it goes wrong")]
    fn a_part_that_panics_fails_the_test() {
        lines("1", || panic!("it goes wrong"));
    }
}
