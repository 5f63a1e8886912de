//! Results, and errors that belong to one task.

use std::cell::Cell;

use process_pool::{ProcessPool, TaskError};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_bytes::ByteBuf;

use crate::tasks::{ADD_ONE, BIG, ECHO, File, PANIC, TASKS, UNTIL_GONE, WAIT, pool};

pub fn in_order() {
    let pool = pool();
    assert_eq!(pool.map(&ADD_ONE, 0..5, None).unwrap(), [1, 2, 3, 4, 5].map(Ok));
    assert_eq!(pool.map(&ADD_ONE, [], None).unwrap(), []);
    assert_eq!(pool.apply(&ADD_ONE, 41).unwrap(), 42);
    // The later ones are shorter.
    let times = [9000, 5000, 1000, 0];
    assert_eq!(pool.map(&WAIT, times, Some(1)).unwrap(), times.map(Ok));
    let in_order: Vec<_> = pool.imap(&WAIT, times, 1).unwrap().collect();
    assert_eq!(in_order, times.map(Ok));
}

pub fn any_chunk_size_gives_the_same() {
    let pool = pool();
    let mut runner =
        TestRunner::new(Config { cases: 64, failure_persistence: None, ..Config::default() });
    let lengths = proptest::collection::vec(0..3000_usize, 0..40);
    runner
        .run(&(lengths, proptest::option::of(1..50_usize)), |(lengths, chunk_size)| {
            let bytes =
                |(number, length): (usize, &usize)| ByteBuf::from(vec![number as u8; *length]);
            let arguments: Vec<ByteBuf> = lengths.iter().enumerate().map(bytes).collect();
            let results = pool.map(&ECHO, arguments.clone(), chunk_size).unwrap();
            let results: Result<Vec<_>, _> = results.into_iter().collect();
            prop_assert_eq!(results.unwrap(), arguments.clone());
            let results: Result<Vec<_>, _> =
                pool.imap(&ECHO, arguments.clone(), chunk_size.unwrap_or(1)).unwrap().collect();
            prop_assert_eq!(results.unwrap(), arguments);
            Ok(())
        })
        .unwrap();
}

pub fn imap_takes_arguments_lazily() {
    let pool = pool();
    let taken = Cell::new(0);
    let arguments = (0..10_000).inspect(|_| taken.set(taken.get() + 1));
    let mut results = pool.imap(&ADD_ONE, arguments, 3).unwrap();
    assert_eq!(results.next(), Some(Ok(1)));
    // Four chunks for each worker.
    assert!(taken.get() <= 2 * 4 * 3, "{} arguments were taken for one result", taken.get());
    assert_eq!(results.count(), 9_999);
}

pub fn imap_unordered_gives_each_once() {
    let pool = pool();
    let mut results: Vec<_> = pool.imap_unordered(&ADD_ONE, 0..5000, 7).unwrap().collect();
    results.sort_unstable_by_key(|(number, _)| *number);
    assert!(results.into_iter().eq((0..5000).map(|n| (n, Ok(n as u64 + 1)))));
}

pub fn unordered_gives_what_is_there() {
    let pool = pool();
    let (gate, open) = (File::new(), File::new());
    std::fs::remove_file(&open.path).unwrap();
    let files = [gate.path.clone(), open.path.clone(), open.path.clone()];
    let mut results = pool.imap_unordered(&UNTIL_GONE, files, 1).unwrap();
    // The first task goes on until its file is removed.
    let first_two = [results.next().unwrap().0, results.next().unwrap().0];
    assert!(first_two == [1, 2] || first_two == [2, 1], "{first_two:?}");
    drop(gate);
    assert_eq!(results.next(), Some((0, Ok(()))));
    assert_eq!(results.next(), None);
}

pub fn large() {
    let pool = pool();
    // Larger than a socket's buffer, and than the memory for results.
    let arguments: Vec<ByteBuf> = (0..8).map(|n| ByteBuf::from(vec![n; 16 << 20])).collect();
    for chunk_size in [1, 8] {
        let results = pool.map(&ECHO, arguments.clone(), Some(chunk_size)).unwrap();
        assert_eq!(results.len(), arguments.len());
        let same = results.iter().zip(&arguments).all(|(result, sent)| result.as_ref() == Ok(sent));
        assert!(same, "in chunks of {chunk_size}");
    }
}

pub fn do_not_pile_up() {
    let pool = pool();
    let most = || common::proc::kib("/proc/self/status", "VmHWM").unwrap();
    let before = most();
    // 1 GiB in all.
    let results = pool.imap_unordered(&BIG, (0..16_384).map(|_| 65_536), 4).unwrap();
    let bytes: usize = results.map(|(_, result)| result.unwrap().len()).sum();
    assert_eq!(bytes, 1 << 30);
    let more = most().saturating_sub(before);
    assert!(more < 64 << 10, "{more} KiB for results that were taken");
}

pub fn large_values_are_let_go() {
    let pool = ProcessPool::with_workers(TASKS, 1).unwrap();
    let worker = format!("/proc/{}/status", pool.pids()[0]);
    let memory = || common::proc::kib(&worker, "VmRSS").unwrap();
    assert_eq!(pool.apply(&ADD_ONE, 1), Ok(2));
    let before = memory();
    for _ in 0..3 {
        let large = ByteBuf::from(vec![1; 64 << 20]);
        assert!(pool.apply(&ECHO, large.clone()).is_ok_and(|result| result == large));
    }
    // What was needed for the last one is kept for another, and then is not.
    assert_eq!(pool.map(&ADD_ONE, [1, 2], Some(1)).unwrap(), [Ok(2), Ok(3)]);
    let more = memory().saturating_sub(before);
    // Of what it shares with its parent, 4 MiB each way, all is touched by now.
    assert!(more < 32 << 10, "{more} KiB for values that are gone");
}

pub fn a_panic_is_an_error() {
    let pool = pool();
    let before = pool.pids();
    for chunk_size in [Some(1), Some(4), None] {
        let results = pool.map(&PANIC, 1..=9, chunk_size).unwrap();
        for (number, result) in (1..=9).zip(results) {
            match result {
                Ok(same) => assert_eq!(same, number),
                Err(TaskError::Panicked(what)) => {
                    assert_eq!(number % 3, 0);
                    assert!(what.ends_with(&format!(": {number} is a multiple of 3")), "{what}");
                    assert!(what.starts_with("at ") && what.contains("tasks.rs:"), "{what}");
                }
                Err(why) => panic!("{why}"),
            }
        }
    }
    assert_eq!(pool.pids(), before, "no worker died of it");
}

pub fn not_held_up() {
    let pool = pool();
    let gate = File::new();
    // Many short ones, so that a worker is given much in advance; then one that goes on
    // until the others are done.
    let short: Vec<_> = (0..3000).map(|_| pool.apply_async(&WAIT, 5).unwrap()).collect();
    let long = pool.apply_async(&UNTIL_GONE, gate.path.clone()).unwrap();
    let behind: Vec<_> = (0..3000).map(|_| pool.apply_async(&WAIT, 5).unwrap()).collect();
    for handle in short.into_iter().chain(behind) {
        assert_eq!(handle.wait(), Ok(5));
    }
    assert!(!long.is_ready());
    drop(gate);
    assert_eq!(long.wait(), Ok(()));
}
