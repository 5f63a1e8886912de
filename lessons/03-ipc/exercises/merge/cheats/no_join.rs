use std::fs::File;
use std::io::{BufRead, BufReader, PipeWriter, Write, pipe};
use std::process::exit;
use std::thread;

use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, fork};

/// A thread prints what one child sends, but nobody waits for the thread.
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
    for read_end in read_ends {
        thread::spawn(|| {
            for line in BufReader::new(read_end).lines() {
                println!("{}", line.expect("read"));
            }
        });
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
