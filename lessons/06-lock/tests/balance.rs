//! The demo `balance`, seen from outside: the balances that it prints.

mod demo;

use std::process::{Command, Output};

use common::cpus;
use demo::demo;
use testing::{start, test};

#[test]
fn without_a_lock_the_balance_is_wrong_and_with_it_right() {
    let text = success(balance(&[]));
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.len(), 3, "{text}");
    assert_eq!(lines[0], "two threads put in and take out 5 and 8, 100000 times each");
    assert_ne!(wrong_balance(&text), 0);
    assert_eq!(lines[2], "with a lock: balance 0 after as many changes");
}

#[test]
fn the_wrong_balance_is_not_always_the_same() {
    let first = wrong_balance(&success(balance(&[])));
    let differs = (1..200).any(|_| wrong_balance(&success(balance(&[]))) != first);
    assert!(differs, "200 runs ended with {first}");
}

#[test]
fn one_cpu_is_enough() {
    let one = start::on_cpus(&cpus::allowed().unwrap()[..1], &balance(&[]));
    assert_ne!(wrong_balance(&success(one)), 0);
}

#[test]
fn where_nothing_is_done_nothing_is_lost() {
    let output = balance(&["--times", "0"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        error(&output),
        "06-lock: with --times 0 nothing can be lost: no thread changes the balance\n"
    );
    assert!(output.stdout.is_empty(), "{output:?}");
}

#[test]
fn giving_up_is_said_plainly() {
    // One time each is over so soon that the threads hardly ever meet.
    let mut outputs =
        (0..100).map(|_| balance(&["--times", "1", "--rounds", "2"]).output().unwrap());
    let output = outputs.find(|output| error(output).contains("gave up")).expect("one of 100");
    assert_eq!(output.status.code(), Some(1));
    assert!(error(&output).contains("the balance was 0 after each of 2 rounds"), "{output:?}");
    assert!(!String::from_utf8_lossy(&output.stdout).contains("balance ≈"), "{output:?}");
}

#[test]
fn what_is_no_number_is_wrong_usage() {
    for wrong in [["--times", "-1"], ["--times", "many"], ["--rounds", "0"]] {
        let output = balance(&wrong).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        assert!(error(&output).starts_with(&format!("06-lock: {}: ", wrong[0])), "{output:?}");
    }
}

/// The demo `balance`, with options.
fn balance(options: &[&str]) -> Command {
    demo(&[&["balance"], options].concat(), "1")
}

fn success(mut command: Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn error(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// The balance without a lock, as the demo printed it.
fn wrong_balance(text: &str) -> i64 {
    let line = text.lines().find_map(|line| line.strip_prefix("without a lock: balance ≈ "));
    let (balance, _) = line.and_then(|rest| rest.split_once(" in round ≈ ")).expect(text);
    balance.parse().unwrap()
}
