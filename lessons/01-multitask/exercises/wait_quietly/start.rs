use std::fs::File;
use std::io::{BufRead, BufReader};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::thread;

static SUM: AtomicU64 = AtomicU64::new(0);
static DONE: AtomicBool = AtomicBool::new(false);

pub fn main() {
    let path = std::env::args().nth(1).unwrap_or("/dev/stdin".to_owned());
    thread::spawn(move || add(&path));
    // Not right yet: it looks again and again, as fast as it can, whether the sum is complete.
    while !DONE.load(SeqCst) {}
    println!("the sum is {}", SUM.load(SeqCst));
}

/// Adds up the numbers in a file, one on each line.
fn add(path: &str) {
    let file = File::open(path).expect("open");
    for line in BufReader::new(file).lines() {
        let number: u64 = line.expect("read").trim().parse().expect("a number");
        SUM.fetch_add(number, SeqCst);
    }
    DONE.store(true, SeqCst);
}
