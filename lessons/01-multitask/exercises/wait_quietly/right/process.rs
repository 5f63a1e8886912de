use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write, pipe};
use std::process::exit;

use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, fork};

pub fn main() {
    let path = std::env::args().nth(1).unwrap_or("/dev/stdin".to_owned());
    let (mut read_end, mut write_end) = pipe().expect("pipe");
    // SAFETY: this process has one thread.
    let ForkResult::Parent { child } = unsafe { fork() }.expect("fork") else {
        write_end.write_all(&add(&path).to_ne_bytes()).expect("write");
        exit(0);
    };
    let mut sum = [0; 8];
    read_end.read_exact(&mut sum).expect("read");
    waitpid(child, None).expect("waitpid");
    println!("the sum is {}", u64::from_ne_bytes(sum));
}

/// Adds up the numbers in a file, one on each line.
fn add(path: &str) -> u64 {
    let file = File::open(path).expect("open");
    let lines = BufReader::new(file).lines();
    lines.map(|line| line.expect("read").trim().parse::<u64>().expect("a number")).sum()
}
