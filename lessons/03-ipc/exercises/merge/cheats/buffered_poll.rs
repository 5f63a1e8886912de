use std::fs::File;
use std::io::{BufRead, BufReader, PipeWriter, Write, pipe};
use std::os::fd::AsFd;
use std::process::exit;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, fork};

/// Polls the pipes, but the lines that it has in its buffers wait until more comes.
pub fn main() {
    let mut paths: Vec<String> = std::env::args().skip(1).collect();
    if paths.len() != 2 {
        paths = vec!["/proc/loadavg".to_owned(), "/proc/uptime".to_owned()];
    }
    let (mut read_ends, mut children) = (Vec::new(), Vec::new());
    for path in paths {
        let (read_end, write_end) = pipe().expect("pipe");
        // SAFETY: this process has one thread.
        match unsafe { fork() }.expect("fork") {
            ForkResult::Child => {
                send_lines(&path, write_end);
                exit(0);
            }
            ForkResult::Parent { child } => {
                read_ends.push(read_end);
                children.push(child);
            }
        }
    }
    let mut inputs: Vec<_> = read_ends.into_iter().map(BufReader::new).collect();
    while !inputs.is_empty() {
        let mut polled: Vec<PollFd> = inputs
            .iter()
            .map(|input| PollFd::new(input.get_ref().as_fd(), PollFlags::POLLIN))
            .collect();
        poll(&mut polled, PollTimeout::NONE).expect("poll");
        let ready: Vec<bool> = polled.iter().map(|end| end.any() == Some(true)).collect();
        for at in (0..inputs.len()).rev().filter(|at| ready[*at]) {
            let mut line = String::new();
            if inputs[at].read_line(&mut line).expect("read") == 0 {
                inputs.remove(at);
            }
            print!("{line}");
        }
    }
    for child in children {
        waitpid(child, None).expect("waitpid");
    }
}

/// Sends each line of a file as soon as it comes.
fn send_lines(path: &str, mut write_end: PipeWriter) {
    for line in BufReader::new(File::open(path).expect("open")).lines() {
        let line = line.expect("read") + "\n";
        write_end.write_all(line.as_bytes()).expect("write");
    }
}
