use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering::SeqCst};
use std::thread;

/// Takes the amount, if that much is there, and returns whether it did.
pub fn withdraw(balance: &AtomicI64, amount: i64) -> bool {
    loop {
        let before = balance.load(SeqCst);
        // What is asked here need not be what is exchanged below.
        if balance.load(SeqCst) < amount {
            return false;
        }
        if balance.compare_exchange(before, before - amount, SeqCst, SeqCst).is_ok() {
            return true;
        }
    }
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
