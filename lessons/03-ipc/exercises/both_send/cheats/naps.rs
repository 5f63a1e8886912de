use std::io::{PipeReader, PipeWriter, Read, Write, pipe};
use std::os::fd::AsFd;
use std::process::exit;
use std::thread;
use std::time::Duration;

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, fork};

/// Looks whether there is room or something to read, and waits a moment for nothing before it looks again.
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
    for end in [to.as_fd(), from.as_fd()] {
        fcntl(end, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).expect("fcntl");
    }
    let mut to = Some(to);
    let (mut received, mut sent) = (Vec::new(), 0);
    loop {
        if let Some(end) = &mut to {
            sent += end.write(&bytes[sent..]).unwrap_or(0);
            if sent == bytes.len() {
                to = None;
            }
        }
        let mut buffer = [0; 65536];
        match from.read(&mut buffer) {
            Ok(0) if to.is_none() => break,
            Ok(count) => received.extend_from_slice(&buffer[..count]),
            Err(_) => thread::park_timeout(Duration::from_millis(1)),
        }
    }
    let sum: usize = received.iter().map(|byte| usize::from(*byte)).sum();
    println!("{name}: {} bytes, and their sum is {sum}", received.len());
}
