use std::process::exit;
use std::thread::sleep;
use std::time::Duration;

use nix::unistd::{ForkResult, fork};

pub fn main() {
    let count = std::env::args().nth(1).map_or(3, |count| count.parse().expect("a number"));
    for number in 1..=count {
        // SAFETY: this process has one thread.
        match unsafe { fork() }.expect("fork") {
            ForkResult::Child => {
                sleep(Duration::from_millis(20));
                exit(number);
            }
            ForkResult::Parent { .. } => println!("child {number} was started"),
        }
    }
    // Something is missing here: nobody waits for the children.
    exit(0);
}
