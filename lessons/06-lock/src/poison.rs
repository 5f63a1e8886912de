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

#[cfg(test)]
mod tests {
    use testing::printed;

    use super::*;

    #[test]
    fn a_panic_leaves_the_money_half_moved() {
        printed::lines("0", || {
            panics::silence();
            run_thread("first", 30, true).unwrap();
            assert_eq!(*ACCOUNTS.lock().unwrap_err().into_inner(), [70, 0]);
        });
    }

    #[test]
    fn what_is_told_of_the_accounts_is_what_is_in_them() {
        let lines = printed::lines("0", || {
            *ACCOUNTS.lock().unwrap() = [90, 15];
            run(&Options::of(&[("--amount N", "")])).unwrap();
        });
        let told: Vec<_> = lines.iter().filter(|line| line.starts_with("  ")).collect();
        assert_eq!(
            told,
            [
                "  there is 60 and 15, together 75",
                "  main puts it right: 85 and 15, together 100",
                "  there is 55 and 45, together 100"
            ]
        );
    }
}
