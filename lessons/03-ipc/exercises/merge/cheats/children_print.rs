use std::fs::File;
use std::io::{BufRead, BufReader, PipeWriter, pipe};
use std::process::exit;

use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, fork};

/// Each child prints its lines itself.
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
                print_lines(&path, write_end);
                exit(0);
            }
            ForkResult::Parent { child } => {
                read_ends.push(read_end);
                children.push(child);
            }
        }
    }
    drop(read_ends);
    for child in children {
        waitpid(child, None).expect("waitpid");
    }
}

/// Prints each line of a file as soon as it comes.
fn print_lines(path: &str, write_end: PipeWriter) {
    drop(write_end);
    for line in BufReader::new(File::open(path).expect("open")).lines() {
        println!("{}", line.expect("read"));
    }
}
