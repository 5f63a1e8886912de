use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::thread;

/// No deposit is lost, but only a part of a large one arrives.
pub struct Account {
    balance: AtomicI32,
}

impl Account {
    pub fn new() -> Account {
        Account { balance: AtomicI32::new(0) }
    }

    pub fn deposit(&self, amount: i64) {
        self.balance.fetch_add(amount as i32, Ordering::SeqCst);
    }

    pub fn balance(&self) -> i64 {
        self.balance.load(Ordering::SeqCst).into()
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
