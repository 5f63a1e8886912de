use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;

/// Sixteen locks for all accounts: some accounts keep each other waiting.
pub struct Bank {
    locks: [Mutex<()>; 16],
    balances: Vec<Mutex<i64>>,
}

impl Bank {
    pub fn new(balances: &[i64]) -> Bank {
        let balances = balances.iter().map(|balance| Mutex::new(*balance)).collect();
        Bank { locks: [(); 16].map(Mutex::new), balances }
    }

    pub fn transfer(
        &self,
        from: usize,
        to: usize,
        amount: i64,
        is_allowed: impl FnOnce(i64) -> bool,
    ) -> bool {
        let (low, high) = ((from % 16).min(to % 16), (from % 16).max(to % 16));
        let _low = self.locks[low].lock().unwrap();
        let _high = (low < high).then(|| self.locks[high].lock().unwrap());
        let balance = *self.balances[from].lock().unwrap();
        if !is_allowed(balance) {
            return false;
        }
        *self.balances[from].lock().unwrap() -= amount;
        *self.balances[to].lock().unwrap() += amount;
        true
    }

    pub fn balances(&self) -> Vec<i64> {
        let _locked: Vec<MutexGuard<()>> =
            self.locks.iter().map(|lock| lock.lock().unwrap()).collect();
        self.balances.iter().map(|balance| *balance.lock().unwrap()).collect()
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
