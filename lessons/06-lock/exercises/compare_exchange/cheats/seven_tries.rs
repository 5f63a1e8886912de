use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering::SeqCst};
use std::thread;

/// Gives up when another thread has come between seven times.
pub fn withdraw(balance: &AtomicI64, amount: i64) -> bool {
    for _ in 0..7 {
        let before = balance.load(SeqCst);
        if before < amount {
            return false;
        }
        if balance.compare_exchange(before, before - amount, SeqCst, SeqCst).is_ok() {
            return true;
        }
    }
    false
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
