use std::fs::File;
use std::io::{BufRead, BufReader, PipeWriter, copy, pipe};
use std::process::exit;

use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, fork};

/// Copies bytes and not lines: a line of the one may come in the middle of one of the other.
pub fn main() {
    let mut paths: Vec<String> = std::env::args().skip(1).collect();
    if paths.len() != 2 {
        paths = vec!["/proc/loadavg".to_owned(), "/proc/uptime".to_owned()];
    }
    let (read_end, write_end) = pipe().expect("pipe");
    let mut children = Vec::new();
    for path in paths {
        // SAFETY: this process has one thread.
        match unsafe { fork() }.expect("fork") {
            ForkResult::Child => {
                send_lines(&path, write_end);
                exit(0);
            }
            ForkResult::Parent { child } => children.push(child),
        }
    }
    // Without this the end of file would never come.
    drop(write_end);
    for line in BufReader::new(read_end).lines() {
        println!("{}", line.expect("read"));
    }
    for child in children {
        waitpid(child, None).expect("waitpid");
    }
}

/// Sends each line of a file as soon as it comes.
fn send_lines(path: &str, mut write_end: PipeWriter) {
    copy(&mut File::open(path).expect("open"), &mut write_end).expect("copy");
}
