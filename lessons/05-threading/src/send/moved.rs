//! The balance moves into the thread.

use std::thread;

pub fn main() {
    let mut balance = 0;
    let thread = thread::spawn(move || {
        balance += 5;
        println!("  in the thread: balance {balance}");
    });
    thread.join().unwrap();
    println!("  in main: balance {balance}");
}
