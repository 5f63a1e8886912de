use std::fs::File;
use std::io::{BufRead, BufReader};
use std::sync::{Condvar, Mutex};
use std::thread;

static SUM: Mutex<Option<u64>> = Mutex::new(None);
static IS_THERE: Condvar = Condvar::new();

/// Does not look whether the sum is there before it waits: the notification may have come already.
pub fn main() {
    let path = std::env::args().nth(1).unwrap_or("/dev/stdin".to_owned());
    thread::spawn(move || {
        *SUM.lock().unwrap() = Some(add(&path));
        IS_THERE.notify_one();
    });
    let sum = IS_THERE.wait(SUM.lock().unwrap()).unwrap();
    println!("the sum is {}", sum.unwrap_or_default());
}

/// Adds up the numbers in a file, one on each line.
fn add(path: &str) -> u64 {
    let file = File::open(path).expect("open");
    let lines = BufReader::new(file).lines();
    lines.map(|line| line.expect("read").trim().parse::<u64>().expect("a number")).sum()
}
