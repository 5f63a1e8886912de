//! `orders`: the program that a reader replaces by one of their own.

use testing::test;

use crate::{demo, success, wrong_usage};

fn run(arguments: &[&str]) -> String {
    success(demo(&[&["orders"], arguments].concat()).output().expect("it runs"))
}

#[test]
fn the_order_that_was_found_goes_wrong_again() {
    let text = run(&[]);
    // Of two threads that look and then take, both look first in 2 * 2 of 6 orders.
    assert!(text.contains("every order that makes a difference: 6 tried, 4 went wrong"), "{text}");
    let last = text.lines().last().unwrap_or_default();
    let schedule = last.strip_prefix("  again: --replay ").expect("the order");
    let again = run(&["--replay", schedule]);
    assert!(again.ends_with("\n  main panics: -30 is left\n"), "{again}");
    let steps = |text: &str| text.lines().filter(|line| line.contains("lock money: ")).count();
    assert_eq!(steps(&again), 10, "{again}");
    assert_eq!(steps(&text), 10, "{text}");
}

#[test]
fn mended_no_order_goes_wrong() {
    let text = run(&["--mended"]);
    assert_eq!(text, "  every order that makes a difference: 2 tried, 0 went wrong\n");
    let text = run(&["--mended", "--replay", "1x2,3x2,2x2,1x4"]);
    assert!(text.contains("lock money: 30") && text.ends_with("  nothing went wrong\n"), "{text}");
}

#[test]
fn it_can_be_played() {
    let keys = run(&["--keys", "1123"]);
    assert!(keys.contains("3: thread 3 waits for the lock money, which thread 2 has"), "{keys}");
    let to_the_end = run(&["--keys", "112233223311u11111"]);
    assert!(to_the_end.contains("main panics: -30 is left, after "), "{to_the_end}");
    assert!(wrong_usage(&["orders", "--keys", "l"]).contains("available: 1, 2, 3, u, r, q"));
    assert!(wrong_usage(&["orders", "--replay", "2"]).contains("there are 1"));
}
