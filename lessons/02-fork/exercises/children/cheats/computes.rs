use std::process::exit;
use std::thread::sleep;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use nix::unistd::{ForkResult, fork};

/// About the right status, without asking any child.
pub fn main() {
    let count = std::env::args().nth(1).map_or(3, |count| count.parse().expect("a number"));
    for _ in 0..count {
        // SAFETY: this process has one thread.
        if let ForkResult::Child = unsafe { fork() }.expect("fork") {
            sleep(Duration::from_millis(20));
            exit(roll());
        }
    }
    sleep(Duration::from_millis(100));
    exit(7 * count / 2);
}

/// Rolls a die: a number from 1 to 6.
fn roll() -> i32 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a time after 1970");
    (now.subsec_micros() % 6 + 1) as i32
}
