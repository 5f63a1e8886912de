use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;

/// Gives back the first lock if the second is not free, and waits for that one first.
pub struct Bank {
    accounts: Vec<Mutex<i64>>,
}

impl Bank {
    pub fn new(balances: &[i64]) -> Bank {
        let accounts = balances.iter().map(|balance| Mutex::new(*balance)).collect();
        Bank { accounts }
    }

    pub fn transfer(
        &self,
        from: usize,
        to: usize,
        amount: i64,
        is_allowed: impl FnOnce(i64) -> bool,
    ) -> bool {
        if from == to {
            return is_allowed(*self.accounts[from].lock().unwrap());
        }
        let (mut first, mut second) = (from, to);
        let (mut a, mut b) = loop {
            let a = self.accounts[first].lock().unwrap();
            if let Ok(b) = self.accounts[second].try_lock() {
                break (a, b);
            }
            drop(a);
            (first, second) = (second, first);
        };
        let (source, target) = if first == from { (&mut a, &mut b) } else { (&mut b, &mut a) };
        if !is_allowed(**source) {
            return false;
        }
        **source -= amount;
        **target += amount;
        true
    }

    pub fn balances(&self) -> Vec<i64> {
        let locked: Vec<MutexGuard<i64>> =
            self.accounts.iter().map(|account| account.lock().unwrap()).collect();
        locked.iter().map(|balance| **balance).collect()
    }
}

pub fn main() {
    let bank = Arc::new(Bank::new(&[100, 100]));
    let threads = [(0, 1, 60), (1, 0, 70)].map(|(from, to, amount)| {
        let bank = Arc::clone(&bank);
        thread::spawn(move || bank.transfer(from, to, amount, |balance| balance >= amount))
    });
    for thread in threads {
        println!("{}", if thread.join().unwrap() { "moved" } else { "refused" });
    }
    println!("the balances are {:?}", bank.balances());
}
