//! The scope of the standard library, and that of crossbeam: how a thread borrows, starts
//! another one, and panics. Compare with `scoped`, which shows only what a scope is for.

mod by_crossbeam;

use std::panic::catch_unwind;
use std::thread;

use anyhow::{Context, Result};
use common::panics;
use nix::unistd::gettid;

pub fn run() -> Result<()> {
    panics::silence();
    let mut numbers = [1, 2, 3, 4];
    println!("std::thread::scope, {numbers:?} at {:p}:", &numbers);
    borrow(&mut numbers)?;
    nest()?;
    panic_in_scope()?;

    println!("crossbeam::thread::scope, {numbers:?} at {:p}:", &numbers);
    by_crossbeam::borrow(&mut numbers)?;
    by_crossbeam::nest()?;
    by_crossbeam::panic_in_scope("7 is odd")?;
    println!("in the end {numbers:?}");
    Ok(())
}

/// Each thread has a half of the numbers to itself.
fn borrow(numbers: &mut [u32; 4]) -> Result<()> {
    let (left, right) = numbers.split_at_mut(2);
    thread::scope(|scope| {
        for part in [left, right] {
            let thread = thread::Builder::new().spawn_scoped(scope, || double(part));
            thread.context("start a thread")?;
        }
        Ok(())
    })
}

fn double(part: &mut [u32]) {
    println!("  tid {}: I double {part:?} at {:p}", gettid(), part.as_ptr());
    for number in part {
        *number *= 2;
    }
}

/// A thread of the scope starts another one in the same scope.
fn nest() -> Result<()> {
    thread::scope(|scope| {
        let first = thread::Builder::new().spawn_scoped(scope, || {
            let first = gettid();
            let report = move || println!("  tid {}: tid {first} has started me", gettid());
            thread::Builder::new().spawn_scoped(scope, report).map(drop)
        });
        let first = first.context("start a thread")?.join();
        first.ok().context("join: the thread panicked")?.context("start a thread in a thread")
    })
}

/// The thread that panics is not joined.
fn panic_in_scope() -> Result<()> {
    let end = catch_unwind(|| {
        thread::scope(|scope| {
            let thread = thread::Builder::new().spawn_scoped(scope, || panic!("7 is odd"));
            thread.map(drop)
        })
    });
    let panic = match end {
        Ok(started) => return started.context("start a thread"),
        Err(panic) => panic,
    };
    println!("  scope panics: '{}'", panics::message(&*panic));
    Ok(())
}

#[cfg(test)]
mod tests {
    use testing::printed;

    use super::*;

    #[test]
    fn the_error_of_a_scope_has_what_the_thread_said() {
        let lines = printed::lines("0", || {
            panics::silence();
            by_crossbeam::panic_in_scope("5 is small").unwrap();
        });
        assert_eq!(lines, ["  scope returns an error: '5 is small'"]);
    }

    #[test]
    fn each_half_is_doubled_where_it_is() {
        for borrow in [borrow, by_crossbeam::borrow] {
            let mut numbers = [10, 0, 7, 1];
            borrow(&mut numbers).unwrap();
            assert_eq!(numbers, [20, 0, 14, 2]);
        }
    }
}
