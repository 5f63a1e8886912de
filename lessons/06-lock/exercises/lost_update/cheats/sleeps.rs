use std::sync::{Arc, Mutex};
use std::thread;

pub struct Account {
    balance: Mutex<i64>,
}

impl Account {
    pub fn new() -> Account {
        Account { balance: Mutex::new(0) }
    }

    /// Adds to the balance; a negative amount is a withdrawal.
    pub fn deposit(&self, amount: i64) {
        thread::sleep(std::time::Duration::from_millis(amount.unsigned_abs()));
        let balance = *self.balance.lock().unwrap();
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
