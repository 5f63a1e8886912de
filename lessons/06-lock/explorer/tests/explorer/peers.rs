//! The explorer's verdicts beside those of loom and shuttle.

mod here;
mod loom;
mod shuttle;

use std::panic;

use ::loom::model;
use ::shuttle::{check_dfs, check_random};
use common::panics::message;
use explorer::{Explorer, Fault, Orders};

/// What is said of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Right,
    Deadlock,
    /// An assertion fails.
    Assertion,
}

use Verdict::{Assertion, Deadlock, Right};

fn explorer(program: fn()) -> Verdict {
    let report =
        Explorer::default().explore(Orders::Distinct, |threads| threads.thread("main", program));
    assert!(report.is_exhaustive(), "{report}");
    match report.simplest.map(|failure| failure.fault) {
        None => Right,
        Some(Fault::Deadlock(_) | Fault::Livelock(_)) => Deadlock,
        Some(Fault::Panic { .. } | Fault::Abort { .. } | Fault::Wrong(_)) => Assertion,
    }
}

/// What a peer said, that panics on what is wrong.
fn verdict(check: impl FnOnce() + panic::UnwindSafe) -> Verdict {
    let Err(panic) = panic::catch_unwind(check) else { return Right };
    if message(&*panic).contains("deadlock") { Deadlock } else { Assertion }
}

/// What shuttle says. It has no reduction, so it does not come to the end of all programs,
/// nor always to where they go wrong; it then tries some orders at random.
fn check(program: fn()) {
    check_dfs(program, Some(2_000));
    check_random(program, 1_000);
}

macro_rules! verdicts {
    ($($test:ident: $program:ident($($argument:expr)?) is $verdict:expr;)*) => { $(
        #[test]
        fn $test() {
            assert_eq!(
                explorer(|| _ = here::programs::$program($($argument)?)),
                $verdict,
                "explorer"
            );
            let peer = verdict(|| model(|| _ = loom::programs::$program($($argument)?)));
            assert_eq!(peer, $verdict, "loom");
            let peer = verdict(|| check(|| _ = shuttle::programs::$program($($argument)?)));
            assert_eq!(peer, $verdict, "shuttle");
        }
    )* };
}

verdicts! {
    load_and_store: load_and_store(1) is Assertion;
    load_and_store_twice: load_and_store(2) is Assertion;
    fetch_add: fetch_add(1) is Right;
    fetch_add_twice: fetch_add(2) is Right;
    compare_exchange: compare_exchange(1) is Right;
    locked: locked(1) is Right;
    locked_twice: locked(2) is Right;
    broken_lock: broken_lock() is Assertion;
    swap_lock: swap_lock() is Right;
    peterson: peterson(true) is Right;
    peterson_that_looks_first: peterson(false) is Assertion;
    store_buffering: store_buffering() is Right;
    data_before_flag: message_passing(true) is Right;
    flag_before_data: message_passing(false) is Assertion;
    joined: spawn_and_join(true) is Right;
    not_joined: spawn_and_join(false) is Assertion;
    locks_in_one_order: two_locks(true) is Right;
    locks_in_opposite_order: two_locks(false) is Deadlock;
    locks_in_a_ring: ring_of_locks(false) is Deadlock;
    locks_in_a_ring_one_turns: ring_of_locks(true) is Right;
    checked_twice: double_checked(true) is Right;
    checked_once: double_checked(false) is Assertion;
    looks_under_the_lock: wait_for_word(true) is Right;
    looks_before: wait_for_word(false) is Deadlock;
    one_is_woken: buffer(false) is Deadlock;
    all_are_woken: buffer(true) is Right;
    read_and_written_in_one: read_then_write(true) is Right;
    read_and_then_written: read_then_write(false) is Assertion;
    two_items_are_received: receive(2) is Right;
    three_items_never_come: receive(3) is Deadlock;
    items_in_order: receive_in_order() is Assertion;
}
