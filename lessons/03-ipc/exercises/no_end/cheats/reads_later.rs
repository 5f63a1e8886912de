use std::io::{PipeReader, PipeWriter, Read, Write, pipe};
use std::process::exit;

use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, fork};

pub fn main() {
    let count = std::env::args().nth(1).map_or(3, |count| count.parse().expect("a number"));
    let (read_end, write_end) = pipe().expect("pipe");
    // SAFETY: this process has one thread.
    let ForkResult::Parent { child: writer } = unsafe { fork() }.expect("fork") else {
        drop(read_end);
        write(write_end, count);
        exit(0);
    };
    drop(write_end);
    // Nobody reads yet: this never ends if the numbers need more room than the pipe has.
    waitpid(writer, None).expect("waitpid");
    // SAFETY: this process has one thread.
    let ForkResult::Parent { child: reader } = unsafe { fork() }.expect("fork") else {
        read(read_end);
        exit(0);
    };
    waitpid(reader, None).expect("waitpid");
}

/// Writes the numbers from 1 to `count`, a line each.
fn write(mut write_end: PipeWriter, count: u32) {
    for number in 1..=count {
        writeln!(write_end, "{number}").expect("write");
    }
}

/// Adds all numbers that come. It doesn't know how many there are.
fn read(mut read_end: PipeReader) {
    let mut text = String::new();
    read_end.read_to_string(&mut text).expect("read");
    let sum: u32 = text.lines().map(|line| line.parse::<u32>().expect("a number")).sum();
    println!("the sum is {sum}");
}
