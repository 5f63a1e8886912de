use std::io::{BufRead, BufReader, PipeReader, PipeWriter, Write, pipe};
use std::process::exit;
use std::thread::sleep;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, fork};

/// The reader prints each sum that it has so far, and is killed in the end.
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
        read(read_end);
        exit(0);
    };
    waitpid(writer, None).expect("waitpid");
    sleep(Duration::from_millis(100));
    kill(reader, Signal::SIGTERM).expect("kill");
    waitpid(reader, None).expect("waitpid");
}

/// Writes the numbers from 1 to `count`, a line each.
fn write(mut write_end: PipeWriter, count: u32) {
    for number in 1..=count {
        writeln!(write_end, "{number}").expect("write");
    }
}

/// Adds all numbers that come. It doesn't know how many there are.
fn read(read_end: PipeReader) {
    let mut sum = 0;
    println!("the sum is {sum}");
    for line in BufReader::new(read_end).lines() {
        sum += line.expect("read").parse::<u32>().expect("a number");
        println!("the sum is {sum}");
    }
}
