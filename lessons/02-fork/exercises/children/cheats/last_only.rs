use std::process::exit;
use std::thread::sleep;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, fork};

/// Only the last child is waited for.
pub fn main() {
    let count = std::env::args().nth(1).map_or(3, |count| count.parse().expect("a number"));
    let mut last = None;
    for _ in 0..count {
        // SAFETY: this process has one thread.
        match unsafe { fork() }.expect("fork") {
            ForkResult::Child => {
                sleep(Duration::from_millis(20));
                exit(roll());
            }
            ForkResult::Parent { child } => last = Some(child),
        }
    }
    waitpid(last, None).expect("waitpid");
    exit(7 * count / 2);
}

/// Rolls a die: a number from 1 to 6.
fn roll() -> i32 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a time after 1970");
    (now.subsec_micros() % 6 + 1) as i32
}
