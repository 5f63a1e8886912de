use std::io::{PipeReader, PipeWriter, Read, Write, pipe};
use std::os::fd::AsFd;
use std::process::exit;

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, fork};

/// Asks again and again which end is ready.
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
    fcntl(&to, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).expect("fcntl");
    let mut to = Some(to);
    let mut sent = 0;
    loop {
        if sent == bytes.len() {
            to = None;
        }
        let mut polled = vec![PollFd::new(from.as_fd(), PollFlags::POLLIN)];
        polled.extend(to.iter().map(|to| PollFd::new(to.as_fd(), PollFlags::POLLOUT)));
        poll(&mut polled, PollTimeout::ZERO).expect("poll");
        let ready: Vec<bool> = polled.iter().map(|end| end.any() == Some(true)).collect();
        if ready[0] {
            let mut buffer = [0; 65536];
            let count = from.read(&mut buffer).expect("read");
            if count == 0 {
                break;
            }
            received.extend_from_slice(&buffer[..count]);
        }
        if let Some(to) = &mut to
            && ready[1]
        {
            sent += to.write(&bytes[sent..]).expect("write");
        }
    }
    if let Some(mut to) = to {
        // The other one has sent everything, and only reads.
        fcntl(&to, FcntlArg::F_SETFL(OFlag::empty())).expect("fcntl");
        to.write_all(&bytes[sent..]).expect("write");
    }
    let sum: usize = received.iter().map(|byte| usize::from(*byte)).sum();
    println!("{name}: {} bytes, and their sum is {sum}", received.len());
}
