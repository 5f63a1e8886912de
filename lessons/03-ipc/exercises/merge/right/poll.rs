use std::fs::File;
use std::io::{BufRead, BufReader, PipeReader, PipeWriter, Read, Write, pipe, stdout};
use std::os::fd::AsFd;
use std::process::exit;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, fork};

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
    let mut inputs: Vec<(PipeReader, Vec<u8>)> =
        read_ends.into_iter().map(|read_end| (read_end, Vec::new())).collect();
    while !inputs.is_empty() {
        let mut polled: Vec<PollFd> = inputs
            .iter()
            .map(|(read_end, _)| PollFd::new(read_end.as_fd(), PollFlags::POLLIN))
            .collect();
        poll(&mut polled, PollTimeout::NONE).expect("poll");
        let Some(ready) = polled.iter().position(|end| end.any() == Some(true)) else { continue };
        let (read_end, begun) = &mut inputs[ready];
        let mut bytes = [0; 4096];
        let count = read_end.read(&mut bytes).expect("read");
        begun.extend_from_slice(&bytes[..count]);
        while let Some(end) = begun.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = begun.drain(..=end).collect();
            stdout().write_all(&line).expect("print");
        }
        if count == 0 {
            inputs.remove(ready);
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
