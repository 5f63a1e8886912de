use std::process::exit;
use std::thread::sleep;
use std::time::Duration;

use nix::sys::signal::{SigHandler, Signal, signal};
use nix::sys::wait::wait;
use nix::unistd::{ForkResult, Pid, fork};

/// Starts a child that works for some milliseconds.
fn start(job: u64) -> Pid {
    // SAFETY: this process has one thread.
    match unsafe { fork() }.expect("fork") {
        ForkResult::Parent { child } => child,
        ForkResult::Child => {
            sleep(Duration::from_millis(job));
            exit(if job % 2 == 1 { 1 } else { 0 });
        }
    }
}

/// The kernel removes the children, and the statuses are computed.
pub fn main() {
    let mut arguments = std::env::args().skip(1);
    let pause = arguments.next().map_or(100, |pause| pause.parse().expect("a number"));
    // SAFETY: to ignore a signal runs no code.
    unsafe { signal(Signal::SIGCHLD, SigHandler::SigIgn) }.expect("signal");
    let mut failed = 0;
    for request in arguments {
        for job in request.split(',') {
            let job = job.parse().expect("a number");
            start(job);
            failed += i32::from(job % 2 == 1);
        }
        // The next request comes after a while.
        sleep(Duration::from_millis(pause));
    }
    while wait().is_ok() {}
    exit(failed);
}
