use std::io::{PipeReader, PipeWriter, Read, Write, pipe};
use std::process::exit;

use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, fork};

pub fn main() {
    let number = |number| std::env::args().nth(number)?.parse().ok();
    let [parents, childs] = [1, 2].map(|at| number(at).unwrap_or(100));
    let (child_reads, parent_writes) = pipe().expect("pipe");
    let (parent_reads, child_writes) = pipe().expect("pipe");
    // SAFETY: this process has one thread.
    match unsafe { fork() }.expect("fork") {
        ForkResult::Child => {
            drop((parent_reads, parent_writes));
            exchange("child", vec![1; childs], child_writes, child_reads);
            exit(0);
        }
        ForkResult::Parent { child } => {
            drop((child_reads, child_writes));
            exchange("parent", vec![2; parents], parent_writes, parent_reads);
            waitpid(child, None).expect("waitpid");
        }
    }
}

/// Sends all of `bytes` to the other process, and receives all that it sends.
fn exchange(name: &str, bytes: Vec<u8>, mut to: PipeWriter, mut from: PipeReader) {
    // SAFETY: this process has one thread.
    let ForkResult::Parent { child: writer } = unsafe { fork() }.expect("fork") else {
        drop(from);
        to.write_all(&bytes).expect("write");
        exit(0);
    };
    drop(to);
    let mut received = Vec::new();
    from.read_to_end(&mut received).expect("read");
    waitpid(writer, None).expect("waitpid");
    let sum: usize = received.iter().map(|byte| usize::from(*byte)).sum();
    println!("{name}: {} bytes, and their sum is {sum}", received.len());
}
