//! The same with crossbeam's scope, which is older than that of std.

use std::any::Any;

use anyhow::{Context, Result};
use common::panics;
use crossbeam::thread;
use nix::unistd::gettid;

use super::double;

pub fn borrow(numbers: &mut [u32; 4]) -> Result<()> {
    let (left, right) = numbers.split_at_mut(2);
    let end = thread::scope(|scope| {
        for part in [left, right] {
            let thread = scope.builder().spawn(|_| double(part));
            thread.context("start a thread")?;
        }
        Ok(())
    });
    end.ok().context("a thread has panicked")?
}

/// A thread gets the scope as its argument.
pub fn nest() -> Result<()> {
    let end = thread::scope(|scope| {
        let first = scope.builder().spawn(|scope| {
            let first = gettid();
            let report = move |_: &_| println!("  tid {}: tid {first} has started me", gettid());
            scope.builder().spawn(report).map(drop)
        });
        let first = first.context("start a thread")?.join();
        first.ok().context("join: the thread panicked")?.context("start a thread in a thread")
    });
    end.ok().context("a thread has panicked")?
}

/// The thread that panics is not joined. The error holds every panic of the scope.
pub fn panic_in_scope(why: &str) -> Result<()> {
    let end = thread::scope(|scope| {
        let thread = scope.builder().spawn(move |_| panic!("{why}"));
        thread.map(drop)
    });
    let error = match end {
        Ok(started) => return started.context("start a thread"),
        Err(error) => error,
    };
    let panics = error.downcast::<Vec<Box<dyn Any + Send>>>().ok().context("not the panics")?;
    println!("  scope returns an error: '{}'", panics::message(&*panics[0]));
    Ok(())
}
