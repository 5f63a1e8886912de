use std::process::exit;
use std::thread::sleep;
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{ForkResult, fork};

/// Starts a child that works for some milliseconds.
fn start(job: u64) {
    // SAFETY: this process has one thread.
    match unsafe { fork() }.expect("fork") {
        ForkResult::Parent { .. } => {}
        ForkResult::Child => {
            sleep(Duration::from_millis(job));
            exit(if job % 2 == 1 { 1 } else { 0 });
        }
    }
}

/// Waits for children while there are any, and returns how many have failed. With `WNOHANG`, only
/// for those that have ended already.
fn reap(flag: Option<WaitPidFlag>) -> i32 {
    let mut failed = 0;
    loop {
        match waitpid(None, flag) {
            Ok(WaitStatus::Exited(_, status)) => failed += status,
            Ok(WaitStatus::StillAlive) | Err(Errno::ECHILD) => return failed,
            other => panic!("{other:?}"),
        }
    }
}

/// Pauses for half of the time only.
pub fn main() {
    let mut arguments = std::env::args().skip(1);
    let pause = arguments.next().map_or(100, |pause| pause.parse().expect("a number"));
    let mut failed = 0;
    for request in arguments {
        for job in request.split(',') {
            start(job.parse().expect("a number"));
        }
        // The next request comes after a while.
        sleep(Duration::from_millis(pause / 2));
        failed += reap(Some(WaitPidFlag::WNOHANG));
    }
    exit(failed + reap(None));
}
