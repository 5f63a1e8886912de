use std::process::exit;
use std::thread::sleep;
use std::time::Duration;

use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, fork};

/// Only the last child is waited for.
pub fn main() {
    let count = std::env::args().nth(1).map_or(3, |count| count.parse().expect("a number"));
    let mut last = None;
    for number in 1..=count {
        // SAFETY: this process has one thread.
        match unsafe { fork() }.expect("fork") {
            ForkResult::Child => {
                sleep(Duration::from_millis(20));
                exit(number);
            }
            ForkResult::Parent { child } => last = Some(child),
        }
    }
    waitpid(last, None).expect("waitpid");
    exit((1..=count).sum());
}
