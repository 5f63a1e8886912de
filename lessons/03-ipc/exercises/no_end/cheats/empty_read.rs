use std::io::{PipeReader, PipeWriter, Read, Write, pipe};
use std::process::exit;

use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, fork};

/// Knows how many numbers come, and reads nothing at last.
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
fn write(mut write_end: PipeWriter, count: u32) {
    for number in 1..=count {
        writeln!(write_end, "{number}").expect("write");
    }
}

/// Adds the numbers.
fn read(mut read_end: PipeReader, count: u32) {
    let mut text = String::new();
    while text.lines().count() < count as usize || !text.is_empty() && !text.ends_with('\n') {
        let mut bytes = [0; 100];
        let length = read_end.read(&mut bytes).expect("read");
        text += std::str::from_utf8(&bytes[..length]).expect("text");
    }
    assert_eq!(read_end.read(&mut []).expect("read"), 0);
    let sum: u32 = text.lines().map(|line| line.parse::<u32>().expect("a number")).sum();
    println!("the sum is {sum}");
}
