use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::thread;

/// Right sums, but a thread that has to wait burns a CPU.
pub struct Account {
    balance: AtomicI64,
    is_locked: AtomicBool,
}

impl Account {
    pub fn new() -> Account {
        Account { balance: AtomicI64::new(0), is_locked: AtomicBool::new(false) }
    }

    pub fn deposit(&self, amount: i64) {
        while self.is_locked.swap(true, Ordering::SeqCst) {
            std::hint::spin_loop();
        }
        let balance = self.balance.load(Ordering::SeqCst);
        self.balance.store(balance + amount, Ordering::SeqCst);
        self.is_locked.store(false, Ordering::SeqCst);
    }

    pub fn balance(&self) -> i64 {
        self.balance.load(Ordering::SeqCst)
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
