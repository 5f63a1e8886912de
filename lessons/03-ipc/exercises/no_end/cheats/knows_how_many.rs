use std::io::{BufRead, BufReader, PipeReader, PipeWriter, Write, pipe};
use std::process::exit;

use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, fork};

/// The reader stops when it has read `count` numbers, and does not see the end.
pub fn main() {
    let count = std::env::args().nth(1).map_or(3, |count| count.parse().expect("a number"));
    let (read_end, write_end) = pipe().expect("pipe");
    // SAFETY: this process has one thread.
    let ForkResult::Parent { child: writer } = unsafe { fork() }.expect("fork") else {
        drop(read_end);
        write(write_end, count);
        exit(0);
    };
    // SAFETY: this process has one thread.
    let ForkResult::Parent { child: reader } = unsafe { fork() }.expect("fork") else {
        read(read_end, count);
        exit(0);
    };
    for child in [writer, reader] {
        waitpid(child, None).expect("waitpid");
    }
}

/// Writes the numbers from 1 to `count`, a line each.
fn write(mut write_end: PipeWriter, count: usize) {
    for number in 1..=count {
        writeln!(write_end, "{number}").expect("write");
    }
}

/// Adds all numbers that come. It doesn't know how many there are.
fn read(read_end: PipeReader, count: usize) {
    let lines = BufReader::new(read_end).lines().take(count);
    let sum: u32 = lines.map(|line| line.expect("read").parse::<u32>().expect("a number")).sum();
    println!("the sum is {sum}");
}
