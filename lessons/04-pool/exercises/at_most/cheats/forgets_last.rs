use std::process::{Command, exit};

use nix::sys::wait::{WaitStatus, wait};

/// It does not wait for those that still run at its end.
pub fn main() {
    let mut arguments = std::env::args().skip(1);
    let limit: usize = arguments.next().map_or(2, |limit| limit.parse().expect("a number"));
    println!("at most {limit} at a time");
    let mut running = 0;
    let mut failed = 0;
    for job in arguments {
        if running == limit {
            failed += wait_for_one();
            running -= 1;
        }
        start(&job);
        running += 1;
    }
    exit(failed);
}

/// Starts a job. It runs in a child process, a shell.
fn start(job: &str) {
    Command::new("sh").args(["-c", job]).spawn().expect("start sh");
}

/// Waits until any child has ended. Returns 1 if it has failed, and 0 otherwise.
fn wait_for_one() -> i32 {
    match wait().expect("wait") {
        WaitStatus::Exited(_, 0) => 0,
        _ => 1,
    }
}
