//! Counts that are known without an explorer.

use explorer::{Atomic, Cell, Explorer, Mutex, Orders, Program, Report};
use proptest::prelude::*;

/// Each of two threads adds these numbers to the balance, one after the other.
fn adding(t1: &[i64], t2: &[i64]) -> impl Fn(&mut Program) + Sync {
    move |program| {
        let balance = Cell::new("balance", 0);
        for (name, amounts) in [("t1", t1), ("t2", t2)] {
            let (balance, amounts) = (balance.clone(), amounts.to_vec());
            program.thread(name, move || {
                amounts.iter().for_each(|amount| balance.set(balance.get() + amount));
            });
        }
        let right = t1.iter().chain(t2).sum();
        program.at_the_end(move || is(right, balance.get()));
    }
}

/// The same with a lock around each load and store.
fn adding_locked(times: usize) -> impl Fn(&mut Program) + Sync {
    move |program| {
        let balance = Cell::new("balance", 0);
        let lock = Mutex::new("lock", ());
        for name in ["t1", "t2"] {
            let (balance, lock) = (balance.clone(), lock.clone());
            program.thread(name, move || {
                for _ in 0..times {
                    let _guard = lock.lock();
                    balance.set(balance.get() + 1);
                }
            });
        }
        program.at_the_end(move || is(2 * times as i64, balance.get()));
    }
}

fn is(right: i64, balance: i64) -> Result<(), String> {
    if balance == right { Ok(()) } else { Err(format!("the balance is {balance}")) }
}

fn all(program: impl Fn(&mut Program) + Sync) -> Report {
    let report = Explorer::default().explore(Orders::All, program);
    assert!(report.is_exhaustive(), "{report}");
    report
}

/// Every order of two threads' loads and stores, played without threads: how many there
/// are, and how many end with a wrong balance.
fn by_hand(t1: &[i64], t2: &[i64]) -> (u64, u64) {
    fn play(left: [&[i64]; 2], loaded: [Option<i64>; 2], balance: i64, right: i64) -> (u64, u64) {
        if left == [&[], &[]] as [&[i64]; 2] {
            return (1, u64::from(balance != right));
        }
        let mut counts = (0, 0);
        for thread in (0..2).filter(|&thread| !left[thread].is_empty()) {
            let (mut left, mut loaded, mut balance) = (left, loaded, balance);
            match loaded[thread].take() {
                None => loaded[thread] = Some(balance),
                Some(value) => {
                    balance = value + left[thread][0];
                    left[thread] = &left[thread][1..];
                }
            }
            let (orders, wrong) = play(left, loaded, balance, right);
            counts = (counts.0 + orders, counts.1 + wrong);
        }
        counts
    }
    play([t1, t2], [None, None], 0, t1.iter().chain(t2).sum())
}

#[test]
fn two_threads_that_load_and_store() {
    for (times, orders, wrong) in [(1, 6, 4), (2, 70, 64), (3, 924, 904)] {
        let ones = vec![1; times];
        let report = all(adding(&ones, &ones));
        assert_eq!((report.executions, report.failures), (orders, wrong));
        assert_eq!(by_hand(&ones, &ones), (orders, wrong));
    }
}

#[test]
fn the_program_of_the_notes() {
    let report = all(adding(&[5, -5], &[8, -8]));
    assert_eq!((report.executions, report.failures), (70, 40));
    // One interruption is not enough: the interrupting thread puts in and takes out.
    let simplest = report.simplest.expect("40 failed");
    assert_eq!((simplest.preemptions, simplest.schedule.switches()), (2, 3));
}

#[test]
fn the_program_of_the_notes_twice() {
    let (t1, t2) = ([5, -5, 5, -5], [8, -8, 8, -8]);
    let report = all(adding(&t1, &t2));
    assert_eq!((report.executions, report.failures), (12870, 9408));
    assert_eq!(by_hand(&t1, &t2), (12870, 9408));
}

#[test]
fn with_the_lock_only_whole_sections_change_places() {
    for (times, orders) in [(1, 2), (2, 6), (3, 20)] {
        let report = all(adding_locked(times));
        assert_eq!((report.executions, report.failures), (orders, 0));
    }
}

#[test]
fn one_step_cannot_be_interrupted() {
    let report = all(|program| {
        let balance = Atomic::new("balance", 0);
        for name in ["t1", "t2", "t3"] {
            let balance = balance.clone();
            program.thread(name, move || _ = balance.fetch_add(1));
        }
        program.at_the_end(move || is(3, balance.load()));
    });
    assert_eq!((report.executions, report.failures), (6, 0));
}

#[test]
fn preemptions_are_counted() {
    // Of the six orders of two threads with two steps each, two have no preemption; in
    // 1 2 2 1 and 2 1 1 2 one thread is interrupted; in the others, both.
    for (most, orders) in [(0, 2), (1, 4), (2, 6), (9, 6)] {
        let report = Explorer::default().explore(Orders::Preemptions(most), adding(&[1], &[1]));
        assert_eq!(report.executions, orders, "{report}");
    }
    let report = Explorer::default().simplest(5, adding(&[1, 1, 1, 1], &[1, 1, 1, 1]));
    assert_eq!(report.orders, Orders::Preemptions(1));
    let simplest = report.simplest.expect("one fails");
    assert_eq!((simplest.preemptions, simplest.schedule.switches()), (1, 2));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn as_many_as_by_hand(
        t1 in prop::collection::vec(-2..3_i64, 0..4),
        t2 in prop::collection::vec(-2..3_i64, 0..4),
    ) {
        let report = all(adding(&t1, &t2));
        prop_assert_eq!((report.executions, report.failures), by_hand(&t1, &t2));
    }
}
