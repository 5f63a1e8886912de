use std::process::exit;
use std::thread::sleep;
use std::time::Duration;

use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, fork};

/// Each child rolls a 1, so that nobody has to look at the statuses.
pub fn main() {
    let count = std::env::args().nth(1).map_or(3, |count| count.parse().expect("a number"));
    let mut children = Vec::new();
    for number in 1..=count {
        // SAFETY: this process has one thread.
        match unsafe { fork() }.expect("fork") {
            ForkResult::Child => {
                sleep(Duration::from_millis(20));
                exit(1);
            }
            ForkResult::Parent { child } => {
                println!("child {number} was started");
                children.push(child);
            }
        }
    }
    let count = children.len();
    for child in children {
        waitpid(child, None).expect("waitpid");
    }
    exit(count as i32);
}
