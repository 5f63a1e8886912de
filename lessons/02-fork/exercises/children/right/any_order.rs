use std::process::exit;
use std::thread::sleep;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use nix::errno::Errno;
use nix::sys::wait::{WaitStatus, wait};
use nix::unistd::{ForkResult, fork};

pub fn main() {
    let count = std::env::args().nth(1).map_or(3, |count| count.parse::<u32>().expect("a number"));
    for _ in 0..count {
        // SAFETY: this process has one thread.
        if let ForkResult::Child = unsafe { fork() }.expect("fork") {
            sleep(Duration::from_millis(20));
            exit(roll());
        }
    }
    let mut sum = 0;
    loop {
        match wait() {
            Ok(WaitStatus::Exited(_, status)) => sum += status,
            Ok(other) => panic!("{other:?}"),
            Err(Errno::ECHILD) => break,
            Err(why) => panic!("wait: {why}"),
        }
    }
    exit(sum);
}

/// Rolls a die: a number from 1 to 6.
fn roll() -> i32 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a time after 1970");
    (now.subsec_micros() % 6 + 1) as i32
}
