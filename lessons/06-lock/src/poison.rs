//! A thread panics while it holds a lock, half-way through a change. The lock is released,
//! and the next `lock()` reports it. Compare with `poison.py`: Python does not.

use std::sync::Mutex;
use std::thread;

use anyhow::{Context, Result};
use common::menu::Options;
use common::panics;

/// The money in two accounts, which together is always 100.
static ACCOUNTS: Mutex<[u32; 2]> = Mutex::new([100, 0]);

const WHOLE: &str = "nobody has panicked half-way";

/// Moves money from the first account to the second; panics if that is closed.
fn move_money(amount: u32, closed: bool) {
    let mut accounts = ACCOUNTS.lock().expect(WHOLE);
    accounts[0] -= amount;
    assert!(!closed, "the second account is closed");
    accounts[1] += amount;
}

pub fn run(options: &Options) -> Result<()> {
    let amount = options.number("--amount", 1..=100)?.unwrap_or(30);
    panics::silence();

    run_thread("first", amount, true)?;
    run_thread("second", amount, false)?;

    let mut accounts = ACCOUNTS.lock().unwrap_or_else(|poisoned| {
        println!("main is told that the lock is poisoned, and takes what is inside");
        poisoned.into_inner()
    });
    println!("  there is {}", describe(&accounts));
    accounts[0] = 100 - accounts[1];
    println!("  main puts it right: {}", describe(&accounts));
    drop(accounts);
    ACCOUNTS.clear_poison();

    run_thread("third", amount, false)?;
    println!("  there is {}", describe(&ACCOUNTS.lock().expect(WHOLE)));
    Ok(())
}

/// A thread moves money; prints how it ended.
fn run_thread(name: &str, amount: u32, closed: bool) -> Result<()> {
    let thread = thread::Builder::new().name(name.to_owned());
    let thread = thread.spawn(move || move_money(amount, closed)).context("start a thread")?;
    match thread.join() {
        Ok(()) => println!("thread {name} has moved {amount}"),
        Err(panic) => println!("thread {name} has panicked: {}", panics::message(&*panic)),
    }
    Ok(())
}

fn describe([one, two]: &[u32; 2]) -> String {
    format!("{one} and {two}, together {}", one + two)
}
