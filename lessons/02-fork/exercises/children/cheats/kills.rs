use std::process::exit;
use std::thread::sleep;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, fork};

pub fn main() {
    let count = std::env::args().nth(1).map_or(3, |count| count.parse().expect("a number"));
    let mut children = Vec::new();
    for number in 1..=count {
        // SAFETY: this process has one thread.
        match unsafe { fork() }.expect("fork") {
            ForkResult::Child => {
                sleep(Duration::from_millis(20));
                exit(roll());
            }
            ForkResult::Parent { child } => {
                println!("child {number} was started");
                children.push(child);
            }
        }
    }
    let mut sum = 0;
    for child in children {
        // So the wait is over sooner.
        kill(child, Signal::SIGKILL).expect("kill");
        if let WaitStatus::Exited(_, status) = waitpid(child, None).expect("waitpid") {
            sum += status;
        }
    }
    exit(sum);
}

/// Rolls a die: a number from 1 to 6.
fn roll() -> i32 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a time after 1970");
    (now.subsec_micros() % 6 + 1) as i32
}
