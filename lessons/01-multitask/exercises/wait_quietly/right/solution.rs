use std::fs::File;
use std::io::{BufRead, BufReader};
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::thread;

static SUM: AtomicU64 = AtomicU64::new(0);

pub fn main() {
    let path = std::env::args().nth(1).unwrap_or("/dev/stdin".to_owned());
    let adder = thread::spawn(move || add(&path));
    adder.join().expect("the adder does not panic");
    println!("the sum is {}", SUM.load(SeqCst));
}

/// Adds up the numbers in a file, one on each line.
fn add(path: &str) {
    let file = File::open(path).expect("open");
    for line in BufReader::new(file).lines() {
        let number: u64 = line.expect("read").trim().parse().expect("a number");
        SUM.fetch_add(number, SeqCst);
    }
}
