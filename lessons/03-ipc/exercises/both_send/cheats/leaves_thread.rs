use std::io::{PipeReader, PipeWriter, Read, Write, pipe};
use std::process::exit;
use std::thread;

use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, fork};

/// A thread sends, and nobody waits for it.
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
    thread::spawn(move || to.write_all(&bytes));
    let mut received = Vec::new();
    from.read_to_end(&mut received).expect("read");
    let sum: usize = received.iter().map(|byte| usize::from(*byte)).sum();
    println!("{name}: {} bytes, and their sum is {sum}", received.len());
}
