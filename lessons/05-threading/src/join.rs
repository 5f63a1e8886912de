//! A thread's result comes back through `join`. So does a panic, with its message, and
//! the other threads go on. Compare with `detach`, where nobody joins.

use std::sync::{Arc, Barrier};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context, Result};
use common::{paced, panics};
use nix::unistd::gettid;

const NUMBERS: [u32; 3] = [6, 7, 8];

pub fn run() -> Result<()> {
    panics::silence();
    println!("three threads, for the halves of 6, 7 and 8");
    // For the main thread, and the two threads that do not panic.
    let panic_is_over = Arc::new(Barrier::new(NUMBERS.len()));
    let threads = NUMBERS.map(|number| {
        let panic_is_over = Arc::clone(&panic_is_over);
        thread::Builder::new().name(format!("half of {number}")).spawn(move || {
            let half = half(number);
            panic_is_over.wait();
            println!("  tid {}: I go on, and return {half}", gettid());
            half
        })
    });
    let threads = threads.into_iter().collect::<Result<Vec<_>, _>>();
    let mut threads = threads.context("start a thread")?;

    tell_end(threads.remove(1));
    thread::sleep(paced(Duration::from_secs(1)));
    panic_is_over.wait();
    threads.into_iter().for_each(tell_end);
    Ok(())
}

fn half(number: u32) -> u32 {
    assert!(number.is_multiple_of(2), "{number} is odd");
    number / 2
}

fn tell_end(thread: JoinHandle<u32>) {
    let name = thread.thread().name().unwrap_or("a thread").to_owned();
    match thread.join() {
        Ok(half) => println!("main: '{name}' has returned {half}"),
        Err(panic) => println!("main: '{name}' has panicked: {}", panics::message(&*panic)),
    }
}
