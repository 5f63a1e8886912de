use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering::SeqCst};
use std::thread;

/// Takes it in one step, and puts it back if it was too much: for a moment it is gone.
pub fn withdraw(balance: &AtomicI64, amount: i64) -> bool {
    if balance.fetch_sub(amount, SeqCst) >= amount {
        return true;
    }
    balance.fetch_add(amount, SeqCst);
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
