//! Two threads of a scope borrow the balance.

use std::thread;

fn main() {
    let mut balance = 0;
    thread::scope(|scope| {
        scope.spawn(|| balance += 5);
        scope.spawn(|| balance += 8);
    });
    println!("  balance {balance}");
}
