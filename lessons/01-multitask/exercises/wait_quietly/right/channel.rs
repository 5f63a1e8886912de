use std::fs::File;
use std::io::{BufRead, BufReader};
use std::sync::mpsc::channel;
use std::thread;

pub fn main() {
    let path = std::env::args().nth(1).unwrap_or("/dev/stdin".to_owned());
    let (tx, rx) = channel();
    thread::spawn(move || tx.send(add(&path)));
    println!("the sum is {}", rx.recv().expect("the adder sends the sum"));
}

/// Adds up the numbers in a file, one on each line.
fn add(path: &str) -> u64 {
    let file = File::open(path).expect("open");
    let lines = BufReader::new(file).lines();
    lines.map(|line| line.expect("read").trim().parse::<u64>().expect("a number")).sum()
}
