use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering::SeqCst};
use std::thread;

/// Makes a lock out of the balance, with a number that means "locked".
pub fn withdraw(balance: &AtomicI64, amount: i64) -> bool {
    let mut before = balance.swap(i64::MAX, SeqCst);
    while before == i64::MAX {
        std::hint::spin_loop();
        before = balance.swap(i64::MAX, SeqCst);
    }
    let is_there = before >= amount;
    balance.store(if is_there { before - amount } else { before }, SeqCst);
    is_there
}

pub fn main() {
    let balance = Arc::new(AtomicI64::new(100));
    let threads = [60, 70].map(|amount| {
        let balance = Arc::clone(&balance);
        thread::spawn(move || {
            let is_paid = withdraw(&balance, amount);
            println!("{amount}: {}", if is_paid { "paid" } else { "refused" });
        })
    });
    for thread in threads {
        thread.join().unwrap();
    }
    println!("the balance is {}", balance.load(SeqCst));
}
