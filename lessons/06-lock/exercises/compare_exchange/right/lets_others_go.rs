use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering::SeqCst};
use std::thread;

/// Takes the amount, if that much is there, and returns whether it did.
pub fn withdraw(balance: &AtomicI64, amount: i64) -> bool {
    loop {
        let before = balance.load(SeqCst);
        if before < amount {
            return false;
        }
        let after = before - amount;
        if balance.compare_exchange(before, after, SeqCst, SeqCst) == Ok(before) {
            return true;
        }
        // Not to wait for something: only to be in the others' way less often.
        std::hint::spin_loop();
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
