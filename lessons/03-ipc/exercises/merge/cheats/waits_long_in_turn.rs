use std::fs::File;
use std::io::{BufRead, BufReader, PipeReader, PipeWriter, Write, pipe};
use std::process::exit;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, fork};

/// Waits for the one for a while, then for the other.
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
    let mut inputs: Vec<(JoinHandle<()>, Receiver<String>)> =
        read_ends.into_iter().map(read_lines).collect();
    while !inputs.is_empty() {
        let mut at = 0;
        while at < inputs.len() {
            match inputs[at].1.recv_timeout(Duration::from_millis(100)) {
                Ok(line) => println!("{line}"),
                Err(RecvTimeoutError::Timeout) => at += 1,
                Err(RecvTimeoutError::Disconnected) => inputs.remove(at).0.join().expect("join"),
            }
        }
    }
    for child in children {
        waitpid(child, None).expect("waitpid");
    }
}

fn read_lines(read_end: PipeReader) -> (JoinHandle<()>, Receiver<String>) {
    let (tx, rx) = channel();
    let reader = thread::spawn(move || {
        for line in BufReader::new(read_end).lines() {
            tx.send(line.expect("read")).expect("send");
        }
    });
    (reader, rx)
}

/// Sends each line of a file as soon as it comes.
fn send_lines(path: &str, mut write_end: PipeWriter) {
    for line in BufReader::new(File::open(path).expect("open")).lines() {
        let line = line.expect("read") + "\n";
        write_end.write_all(line.as_bytes()).expect("write");
    }
}
