use std::process::exit;
use std::thread::sleep;
use std::time::Duration;

use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, fork};

/// Each child starts when the one before has ended.
pub fn main() {
    let count = std::env::args().nth(1).map_or(3, |count| count.parse().expect("a number"));
    let mut sum = 0;
    for number in 1..=count {
        // SAFETY: this process has one thread.
        match unsafe { fork() }.expect("fork") {
            ForkResult::Child => {
                sleep(Duration::from_millis(20));
                exit(number);
            }
            ForkResult::Parent { child } => {
                if let WaitStatus::Exited(_, status) = waitpid(child, None).expect("waitpid") {
                    sum += status;
                }
            }
        }
    }
    exit(sum);
}
