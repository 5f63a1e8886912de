//! A change in one step needs no lock: `fetch_add`. A load and a store are two steps, and
//! so are two atomics. Compare with `schedule`.

use std::sync::atomic::{AtomicI64, Ordering};
use std::thread;

use anyhow::{Result, ensure};
use common::menu::Options;
use explorer::{Atomic, Explorer, Mutex, Orders, Program};

use crate::found::{report, show_simplest};

/// A way to add to a number.
type Add = fn(&Atomic, i64);

fn load_and_store(balance: &Atomic, n: i64) {
    let b = balance.load();
    balance.store(b + n);
}

fn in_one_step(balance: &Atomic, n: i64) {
    balance.fetch_add(n);
}

/// Tries again until no other thread has stored in between. Any change to the number can be
/// made in this way; a processor without a `fetch_add` uses it for that, too.
fn with_compare_exchange(balance: &Atomic, n: i64) {
    let mut b = balance.load();
    while let Err(changed) = balance.compare_exchange(b, b + n) {
        b = changed;
    }
}

/// Two threads add 5 and 8.
fn two_threads(add: Add) -> impl Fn(&mut Program) + Sync {
    move |program| {
        let balance = Atomic::new("balance", 0);
        for (name, n) in [("t1", 5), ("t2", 8)] {
            let balance = balance.clone();
            program.thread(name, move || add(&balance, n));
        }
        program.at_the_end(move || match balance.load() {
            13 => Ok(()),
            wrong => Err(format!("the balance is {wrong}, not 13")),
        });
    }
}

fn transfer(a: &Atomic, b: &Atomic) {
    a.fetch_add(-5);
    b.fetch_add(5);
}

fn count(a: &Atomic, b: &Atomic) {
    let sum = a.load() + b.load();
    assert!(sum == 200, "there are {sum}");
}

/// One thread moves 5 from one account to another, and a second one counts the money.
fn transfer_and_count(program: &mut Program) {
    let (a, b) = (Atomic::new("a", 100), Atomic::new("b", 100));
    let (from, to) = (a.clone(), b.clone());
    program.thread("moves", move || transfer(&from, &to));
    program.thread("counts", move || count(&a, &b));
}

/// The same with a lock around the transfer and around the count.
fn transfer_and_count_locked(program: &mut Program) {
    let (a, b) = (Atomic::new("a", 100), Atomic::new("b", 100));
    let (from, to) = (a.clone(), b.clone());
    let lock = Mutex::new("lock", ());
    let same_lock = lock.clone();
    program.thread("moves", move || {
        let _guard = same_lock.lock();
        transfer(&from, &to);
    });
    program.thread("counts", move || {
        let _guard = lock.lock();
        count(&a, &b);
    });
}

pub fn run(options: &Options) -> Result<()> {
    let times = options.number("--times", 1..=10_000_000)?.unwrap_or(100_000);
    let explorer = Explorer::default();
    println!("t1 adds 5, t2 adds 8, with a load and a store:");
    report(explorer, Orders::All, two_threads(load_and_store))?;
    show_simplest(explorer, two_threads(load_and_store), include_str!("atomic.rs"))?;
    println!("with fetch_add:");
    report(explorer, Orders::All, two_threads(in_one_step))?;
    println!("with compare_exchange, again if another thread came between:");
    report(explorer, Orders::All, two_threads(with_compare_exchange))?;

    println!("two atomics, one thread moves 5 from a to b and another counts:");
    report(explorer, Orders::All, transfer_and_count)?;
    show_simplest(explorer, transfer_and_count, include_str!("atomic.rs"))?;
    println!("the same with a lock around both:");
    report(explorer, Orders::All, transfer_and_count_locked)?;
    real_threads(times, |balance, n| _ = balance.fetch_add(n, Ordering::Relaxed))
}

/// Without the explorer: two real threads lose nothing.
fn real_threads(times: i64, add: fn(&AtomicI64, i64)) -> Result<()> {
    let balance = AtomicI64::new(0);
    thread::scope(|scope| {
        for n in [5, 8] {
            let balance = &balance;
            scope.spawn(move || {
                for _ in 0..times {
                    add(balance, n);
                }
            });
        }
    });
    let balance = balance.into_inner();
    println!("two real threads, fetch_add, {times} times each: {balance}");
    ensure!(balance == 13 * times, "some was lost");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_thread_adds_as_often_as_is_said_and_what_is_lost_is_noticed() {
        static ADDED: AtomicI64 = AtomicI64::new(0);
        let error = real_threads(1000, |_, _| _ = ADDED.fetch_add(1, Ordering::Relaxed));
        assert_eq!(error.unwrap_err().to_string(), "some was lost");
        assert_eq!(ADDED.load(Ordering::Relaxed), 2000);
    }
}
