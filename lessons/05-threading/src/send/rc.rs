//! Three owners share the balance, with an `Rc`.

use std::cell::Cell;
use std::rc::Rc;
use std::thread;

fn main() {
    let balance = Rc::new(Cell::new(0));
    let threads = [5, 8].map(|n| {
        let balance = Rc::clone(&balance);
        thread::spawn(move || balance.set(balance.get() + n))
    });
    for thread in threads {
        thread.join().unwrap();
    }
    println!("  balance {}", balance.get());
}
