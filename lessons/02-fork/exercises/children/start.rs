use std::process::exit;

use nix::unistd::{ForkResult, fork};

pub fn main() {
    let count = std::env::args().nth(1).map_or(3, |count| count.parse().expect("a number"));
    for number in 1..=count {
        // SAFETY: this process has one thread.
        match unsafe { fork() }.expect("fork") {
            ForkResult::Child => exit(number),
            ForkResult::Parent { .. } => println!("child {number} was started"),
        }
    }
    exit(0);
}
