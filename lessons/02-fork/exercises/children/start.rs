use std::process::exit;
use std::thread::sleep;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use nix::unistd::{ForkResult, fork};

pub fn main() {
    let count = std::env::args().nth(1).map_or(3, |count| count.parse().expect("a number"));
    for number in 1..=count {
        // SAFETY: this process has one thread.
        match unsafe { fork() }.expect("fork") {
            ForkResult::Child => {
                sleep(Duration::from_millis(20));
                exit(roll());
            }
            ForkResult::Parent { .. } => println!("child {number} was started"),
        }
    }
    // Something is missing here: nobody waits for the children.
    exit(0);
}

/// Rolls a die: a number from 1 to 6.
fn roll() -> i32 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a time after 1970");
    (now.subsec_micros() % 6 + 1) as i32
}
