use std::process::exit;
use std::thread::sleep;
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::wait::{WaitStatus, wait};
use nix::unistd::{ForkResult, fork};

pub fn main() {
    let count = std::env::args().nth(1).map_or(3, |count| count.parse().expect("a number"));
    for number in 1..=count {
        // SAFETY: this process has one thread.
        if let ForkResult::Child = unsafe { fork() }.expect("fork") {
            sleep(Duration::from_millis(20));
            exit(number);
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
