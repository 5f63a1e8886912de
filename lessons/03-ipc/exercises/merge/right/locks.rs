use std::fs::File;
use std::io::{BufRead, BufReader, PipeWriter, Write, pipe};
use std::process::exit;

use nix::fcntl::{Flock, FlockArg};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, fork};

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

/// Sends each line as soon as it comes, in two pieces. A lock keeps the other process out meanwhile: a
/// file that each process has opened for itself can be locked by one of them.
fn send_lines(path: &str, mut write_end: PipeWriter) {
    let mut locked = File::open("/proc/self/exe").expect("open");
    for line in BufReader::new(File::open(path).expect("open")).lines() {
        let lock = Flock::lock(locked, FlockArg::LockExclusive).map_err(|(_, why)| why);
        let lock = lock.expect("flock");
        write_end.write_all(line.expect("read").as_bytes()).expect("write");
        write_end.write_all(b"\n").expect("write");
        locked = lock.unlock().map_err(|(_, why)| why).expect("flock");
    }
}
