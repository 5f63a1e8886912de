use std::io::{PipeWriter, Read, Write, pipe};
use std::process::exit;

use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, fork};

/// The reader sees the end of another pipe, and computes.
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
        compute(count);
        exit(0);
    };
    for child in [writer, reader] {
        waitpid(child, None).expect("waitpid");
    }
}

/// Writes the numbers from 1 to `count`, a line each.
fn write(mut write_end: PipeWriter, count: u32) {
    for number in 1..=count {
        writeln!(write_end, "{number}").expect("write");
    }
}

/// Adds the numbers, and reads none.
fn compute(count: u32) {
    let (mut read_end, write_end) = pipe().expect("pipe");
    drop(write_end);
    assert_eq!(read_end.read(&mut [0]).expect("read"), 0);
    println!("the sum is {}", (1..=count).sum::<u32>());
}
