use std::fs::File;
use std::io::{BufRead, BufReader};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

static SUM: AtomicU64 = AtomicU64::new(0);
static DONE: AtomicBool = AtomicBool::new(false);

/// It waits for 5 ms at a time, and nobody wakes it.
pub fn main() {
    let path = std::env::args().nth(1).unwrap_or("/dev/stdin".to_owned());
    thread::spawn(move || add(&path));
    while !DONE.load(SeqCst) {
        thread::park_timeout(Duration::from_millis(5));
    }
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
