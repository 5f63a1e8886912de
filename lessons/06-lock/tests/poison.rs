//! The demo `poison`: what is inside a lock after a panic, and after its repair.

mod demo;

use demo::lines;
use testing::test;

#[test]
fn who_comes_next_is_told_and_finds_the_half_change() {
    assert_eq!(
        lines(&["poison", "--amount", "45"], "1"),
        [
            "thread first has panicked: the second account is closed",
            "thread second has panicked: nobody has panicked half-way: PoisonError { .. }",
            "main is told that the lock is poisoned, and takes what is inside",
            "  there is 55 and 0, together 55",
            "  main puts it right: 100 and 0, together 100",
            "thread third has moved 45",
            "  there is 55 and 45, together 100",
        ]
    );
}
