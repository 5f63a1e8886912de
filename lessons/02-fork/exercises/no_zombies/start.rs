use std::process::exit;
use std::thread::sleep;
use std::time::Duration;

use nix::sys::wait::{WaitStatus, waitpid};
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

pub fn main() {
    let mut arguments = std::env::args().skip(1);
    let pause = arguments.next().map_or(100, |pause| pause.parse().expect("a number"));
    let mut children = Vec::new();
    let mut failed = 0;
    for request in arguments {
        for job in request.split(',') {
            children.push(start(job.parse().expect("a number")));
        }
        // The next request comes after a while.
        sleep(Duration::from_millis(pause));
        // Something is missing here: what of the children that have ended by now?
    }
    for child in children {
        if let WaitStatus::Exited(_, status) = waitpid(child, None).expect("waitpid") {
            failed += status;
        }
    }
    exit(failed);
}
