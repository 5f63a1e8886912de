use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering::SeqCst};
use std::thread;

/// Loses nothing, but what it checked may be gone when it takes it.
pub fn withdraw(balance: &AtomicI64, amount: i64) -> bool {
    let is_there = balance.load(SeqCst) >= amount;
    if is_there {
        balance.fetch_sub(amount, SeqCst);
    }
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
