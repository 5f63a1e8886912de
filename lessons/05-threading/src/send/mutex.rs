//! Three owners share the balance, with an `Arc` and a `Mutex`.

use std::sync::{Arc, Mutex};
use std::thread;

pub fn main() {
    let balance = Arc::new(Mutex::new(0));
    let threads = [5, 8].map(|n| {
        let balance = Arc::clone(&balance);
        thread::spawn(move || *balance.lock().unwrap() += n)
    });
    for thread in threads {
        thread.join().unwrap();
    }
    println!("  balance {}", balance.lock().unwrap());
}
