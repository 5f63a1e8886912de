use std::fs;
use std::io::{PipeReader, PipeWriter, Read, Write, pipe};
use std::process::exit;

use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork, getpid};

/// One writes to a file, which holds everything.
pub fn main() {
    let number = |number| std::env::args().nth(number)?.parse().ok();
    let [parents, childs] = [1, 2].map(|at| number(at).unwrap_or(100));
    let (child_reads, parent_writes) = pipe().expect("pipe");
    let (parent_reads, child_writes) = pipe().expect("pipe");
    // SAFETY: this process has one thread.
    match unsafe { fork() }.expect("fork") {
        ForkResult::Child => {
            drop((parent_reads, parent_writes));
            exchange(getpid(), "child", vec![1; childs], child_writes, child_reads);
            exit(0);
        }
        ForkResult::Parent { child } => {
            drop((child_reads, child_writes));
            exchange(child, "parent", vec![2; parents], parent_writes, parent_reads);
            waitpid(child, None).expect("waitpid");
        }
    }
}

/// Sends all of `bytes` to the other process, and receives all that it sends.
fn exchange(child: Pid, name: &str, bytes: Vec<u8>, mut to: PipeWriter, mut from: PipeReader) {
    let mut received = Vec::new();
    let path = format!("/tmp/both_send.{}", if name == "child" { getpid() } else { child });
    if name == "child" {
        fs::write(&path, &bytes).expect("write");
        drop(to);
        from.read_to_end(&mut received).expect("read");
    } else {
        to.write_all(&bytes).expect("write");
        drop(to);
        let mut end = Vec::new();
        from.read_to_end(&mut end).expect("read");
        received = fs::read(&path).expect("read");
        fs::remove_file(path).expect("remove");
    }
    let sum: usize = received.iter().map(|byte| usize::from(*byte)).sum();
    println!("{name}: {} bytes, and their sum is {sum}", received.len());
}
