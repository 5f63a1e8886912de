use std::fs::File;
use std::io::{BufRead, BufReader, PipeWriter, Write, pipe, read_to_string};
use std::process::exit;
use std::thread;

use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, fork};

/// Reads from both, and prints nothing until all have come.
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
    thread::scope(|scope| {
        let threads: Vec<_> = read_ends
            .into_iter()
            .map(|read_end| scope.spawn(|| read_to_string(read_end).expect("read")))
            .collect();
        for thread in threads {
            print!("{}", thread.join().expect("no panic"));
        }
    });
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
