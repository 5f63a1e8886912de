//! The notes' program for the explorer: each `get` and each `set` is a step.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex as StdMutex, PoisonError};

use explorer::{Cell, Mutex, Program};

/// The text of this file, whose lines the demos show.
pub const SOURCE: &str = include_str!("change_it.rs");

/// How many orders have ended with each balance.
#[derive(Clone, Default)]
pub struct Balances(Arc<StdMutex<BTreeMap<i64, u64>>>);

impl Balances {
    fn count(&self, balance: i64) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(balance).or_default() += 1;
    }

    /// Each balance, and the number of orders that ended with it.
    pub fn counted(&self) -> BTreeMap<i64, u64> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn change_it(balance: &Cell<i64>, n: i64) {
    let b = balance.get();
    balance.set(b + n);
    let b = balance.get();
    balance.set(b - n);
}

fn change_it_locked(lock: &Mutex<()>, balance: &Cell<i64>, n: i64) {
    let _guard = lock.lock();
    change_it(balance, n);
}

/// Two threads, one with 5 and one with 8.
pub fn two_threads(times: u32, locked: bool, balances: Balances) -> impl Fn(&mut Program) + Sync {
    move |program| {
        let lock = Mutex::new("m", ());
        let balance = Cell::new("balance", 0);
        for (name, n) in [("t1", 5), ("t2", 8)] {
            let (lock, balance) = (lock.clone(), balance.clone());
            program.thread(name, move || {
                for _ in 0..times {
                    if locked {
                        change_it_locked(&lock, &balance, n);
                    } else {
                        change_it(&balance, n);
                    }
                }
            });
        }
        let balances = balances.clone();
        program.at_the_end(move || {
            let balance = balance.get();
            balances.count(balance);
            if balance == 0 { Ok(()) } else { Err(format!("the balance is {balance}")) }
        });
    }
}
