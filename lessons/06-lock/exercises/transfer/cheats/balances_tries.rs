use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;

/// The transfers sleep while they wait, but `balances` tries again and again.
pub struct Bank {
    accounts: Vec<Mutex<i64>>,
}

impl Bank {
    pub fn new(balances: &[i64]) -> Bank {
        let accounts = balances.iter().map(|balance| Mutex::new(*balance)).collect();
        Bank { accounts }
    }

    /// Moves the amount if `is_allowed`, which gets the balance of `from`, says so. Returns
    /// whether it did.
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
        let (mut source, mut target);
        if from < to {
            source = self.accounts[from].lock().unwrap();
            target = self.accounts[to].lock().unwrap();
        } else {
            target = self.accounts[to].lock().unwrap();
            source = self.accounts[from].lock().unwrap();
        }
        if !is_allowed(*source) {
            return false;
        }
        *source -= amount;
        *target += amount;
        true
    }

    pub fn balances(&self) -> Vec<i64> {
        loop {
            let locked: Vec<MutexGuard<i64>> =
                self.accounts.iter().filter_map(|account| account.try_lock().ok()).collect();
            if locked.len() == self.accounts.len() {
                return locked.iter().map(|balance| **balance).collect();
            }
            drop(locked);
            thread::yield_now();
        }
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
