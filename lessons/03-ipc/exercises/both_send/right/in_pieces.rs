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
fn exchange(name: &str, bytes: Vec<u8>, to: PipeWriter, mut from: PipeReader) {
    let mut received = Vec::new();
    let mut pieces = bytes.chunks(30_000);
    let mut to = Some(to);
    let mut is_open = true;
    while is_open {
        if let (Some(to), Some(piece)) = (&mut to, pieces.next()) {
            to.write_all(piece).expect("write");
        }
        if pieces.len() == 0 {
            to = None;
        }
        let count = (&mut from).take(30_000).read_to_end(&mut received).expect("read");
        is_open = count == 30_000;
    }
    // The other one has sent all of its bytes, and waits for the rest of these.
    if let Some(mut end) = to.take() {
        pieces.for_each(|piece| end.write_all(piece).expect("write"));
    }
    let sum: usize = received.iter().map(|byte| usize::from(*byte)).sum();
    println!("{name}: {} bytes, and their sum is {sum}", received.len());
}
