use std::process::exit;
use std::thread::{self, sleep};
use std::time::Duration;

use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork};

/// Starts a child that works for some milliseconds.
fn start(job: u64) -> Pid {
    // SAFETY: the other threads only wait for children, and hold no lock.
    match unsafe { fork() }.expect("fork") {
        ForkResult::Parent { child } => child,
        ForkResult::Child => {
            sleep(Duration::from_millis(job));
            exit(if job % 2 == 1 { 1 } else { 0 });
        }
    }
}

/// A thread for each child waits for it.
pub fn main() {
    let mut arguments = std::env::args().skip(1);
    let pause = arguments.next().map_or(100, |pause| pause.parse().expect("a number"));
    let mut children = Vec::new();
    for request in arguments {
        for job in request.split(',') {
            let child = start(job.parse().expect("a number"));
            children.push(thread::spawn(move || waitpid(child, None).expect("waitpid")));
        }
        // The next request comes after a while.
        sleep(Duration::from_millis(pause));
    }
    let statuses = children.into_iter().map(|child| match child.join().expect("join") {
        WaitStatus::Exited(_, status) => status,
        other => panic!("{other:?}"),
    });
    exit(statuses.sum());
}
