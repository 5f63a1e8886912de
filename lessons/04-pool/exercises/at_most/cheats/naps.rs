use std::process::{Command, exit};
use std::thread;
use std::time::Duration;

use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};

/// Naps between two looks, without a sleep.
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
    while running > 0 {
        failed += wait_for_one();
        running -= 1;
    }
    exit(failed);
}

/// Starts a job. It runs in a child process, a shell.
fn start(job: &str) {
    Command::new("sh").args(["-c", job]).spawn().expect("start sh");
}

/// Waits until any child has ended. Returns 1 if it has failed, and 0 otherwise.
fn wait_for_one() -> i32 {
    loop {
        match waitpid(None, Some(WaitPidFlag::WNOHANG)).expect("wait") {
            WaitStatus::StillAlive => thread::park_timeout(Duration::from_millis(20)),
            WaitStatus::Exited(_, 0) => return 0,
            _ => return 1,
        }
    }
}
