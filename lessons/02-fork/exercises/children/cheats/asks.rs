use std::process::exit;
use std::thread::sleep;
use std::time::Duration;

use nix::sys::wait::{WaitPidFlag, waitpid};
use nix::unistd::{ForkResult, fork};

/// Asks how each child is, and waits for none.
pub fn main() {
    let count = std::env::args().nth(1).map_or(3, |count| count.parse().expect("a number"));
    let mut children = Vec::new();
    for number in 1..=count {
        // SAFETY: this process has one thread.
        match unsafe { fork() }.expect("fork") {
            ForkResult::Child => {
                sleep(Duration::from_millis(20));
                exit(number);
            }
            ForkResult::Parent { child } => children.push(child),
        }
    }
    for child in children {
        waitpid(child, Some(WaitPidFlag::WNOHANG)).expect("waitpid");
    }
    exit((1..=count).sum());
}
