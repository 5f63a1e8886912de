use std::fs::File;
use std::io::{BufRead, BufReader, PipeReader, PipeWriter, Read, Write, pipe, stdout};
use std::process::exit;
use std::thread::sleep;
use std::time::Duration;

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, fork};

/// Asks one and the other, with a pause.
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
    for read_end in &read_ends {
        fcntl(read_end, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).expect("fcntl");
    }
    let mut inputs: Vec<(PipeReader, Vec<u8>)> =
        read_ends.into_iter().map(|read_end| (read_end, Vec::new())).collect();
    while !inputs.is_empty() {
        sleep(Duration::from_millis(10));
        inputs.retain_mut(|(read_end, begun)| {
            let mut bytes = [0; 4096];
            let Ok(count) = read_end.read(&mut bytes) else { return true };
            begun.extend_from_slice(&bytes[..count]);
            while let Some(end) = begun.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = begun.drain(..=end).collect();
                stdout().write_all(&line).expect("print");
            }
            count > 0
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
