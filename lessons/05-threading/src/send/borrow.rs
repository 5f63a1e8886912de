//! A thread borrows main's balance.

use std::thread;

fn main() {
    let mut balance = 0;
    let thread = thread::spawn(|| balance += 5);
    thread.join().unwrap();
}
