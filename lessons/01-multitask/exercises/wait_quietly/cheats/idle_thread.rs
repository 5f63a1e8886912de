use std::fs::File;
use std::io::{BufRead, BufReader};
use std::thread;

/// The main thread does the work, and waits for a thread that does nothing.
pub fn main() {
    let path = std::env::args().nth(1).unwrap_or("/dev/stdin".to_owned());
    let adder = thread::spawn(|| {});
    let sum = add(&path);
    adder.join().expect("the adder does not panic");
    println!("the sum is {sum}");
}

/// Adds up the numbers in a file, one on each line.
fn add(path: &str) -> u64 {
    let file = File::open(path).expect("open");
    let numbers = BufReader::new(file).lines().map(|line| line.expect("read"));
    numbers.map(|number| number.trim().parse::<u64>().expect("a number")).sum()
}
