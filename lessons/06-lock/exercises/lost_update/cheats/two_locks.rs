use std::sync::{Arc, Mutex};
use std::thread;

/// There is a lock around all of it, but each thread has its own.
pub struct Account {
    balance: Mutex<i64>,
}

impl Account {
    pub fn new() -> Account {
        Account { balance: Mutex::new(0) }
    }

    pub fn deposit(&self, amount: i64) {
        let lock = Mutex::new(());
        let _guard = lock.lock().unwrap();
        let balance = self.balance();
        *self.balance.lock().unwrap() = balance + amount;
    }

    pub fn balance(&self) -> i64 {
        *self.balance.lock().unwrap()
    }
}

pub fn main() {
    let account = Arc::new(Account::new());
    let threads = [50, 60].map(|amount| {
        let account = Arc::clone(&account);
        thread::spawn(move || account.deposit(amount))
    });
    for thread in threads {
        thread.join().unwrap();
    }
    println!("the balance is {}", account.balance());
}
