//! Three owners share the balance, with an `Arc`.

use std::cell::Cell;
use std::sync::Arc;
use std::thread;

fn main() {
    let balance = Arc::new(Cell::new(0));
    let threads = [5, 8].map(|n| {
        let balance = Arc::clone(&balance);
        thread::spawn(move || balance.set(balance.get() + n))
    });
    for thread in threads {
        thread.join().unwrap();
    }
    println!("  balance {}", balance.get());
}
