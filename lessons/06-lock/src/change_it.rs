//! The notes' program for the explorer: each `get` and each `set` is a step.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use explorer::{Cell, Mutex, Program};

/// The text of this file, whose lines the demos show.
pub const SOURCE: &str = include_str!("change_it.rs");

/// The balance at the end of the last execution.
#[derive(Clone, Default)]
pub struct LastBalance(Arc<AtomicI64>);

impl LastBalance {
    fn set(&self, balance: i64) {
        self.0.store(balance, Ordering::Relaxed);
    }

    /// 0 before the first one.
    pub fn get(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }
}

fn change_it(balance: &Cell<i64>, n: i64) {
    let b = balance.get();
    balance.set(b + n);
    let b = balance.get();
    balance.set(b - n);
}

fn change_it_locked(mutex: &Mutex<()>, balance: &Cell<i64>, n: i64) {
    let _guard = mutex.lock();
    change_it(balance, n);
}

/// Two threads, one with 5 and one with 8.
pub fn two_threads(times: u32, locked: bool, last: LastBalance) -> impl Fn(&mut Program) + Sync {
    move |program| {
        let mutex = Mutex::new("mutex", ());
        let balance = Cell::new("balance", 0);
        for (name, n) in [("t1", 5), ("t2", 8)] {
            let (mutex, balance) = (mutex.clone(), balance.clone());
            program.thread(name, move || {
                for _ in 0..times {
                    if locked {
                        change_it_locked(&mutex, &balance, n);
                    } else {
                        change_it(&balance, n);
                    }
                }
            });
        }
        let last = last.clone();
        program.at_the_end(move || {
            let balance = balance.get();
            last.set(balance);
            if balance == 0 { Ok(()) } else { Err(format!("the balance is {balance}")) }
        });
    }
}
