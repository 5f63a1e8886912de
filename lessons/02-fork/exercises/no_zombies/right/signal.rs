use std::os::fd::AsFd;
use std::process::exit;
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::SignalFd;
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid};
use nix::unistd::{ForkResult, fork};

fn start(job: u64) {
    // SAFETY: this process has one thread.
    if let ForkResult::Child = unsafe { fork() }.expect("fork") {
        sleep(Duration::from_millis(job));
        exit(if job % 2 == 1 { 1 } else { 0 });
    }
}

/// The children that have ended, with their statuses.
fn ended(flag: WaitPidFlag) -> impl Iterator<Item = i32> {
    std::iter::from_fn(move || match waitid(Id::All, WaitPidFlag::WEXITED | flag) {
        Ok(WaitStatus::Exited(_, status)) => Some(status),
        _ => None,
    })
}

/// A child's end wakes the server at once.
pub fn main() {
    let mut arguments = std::env::args().skip(1);
    let pause = arguments.next().map_or(100, |pause| pause.parse().expect("a number"));
    let children = SigSet::from(Signal::SIGCHLD);
    children.thread_block().expect("sigprocmask");
    let signals = SignalFd::new(&children).expect("signalfd");
    let mut failed = 0;
    for request in arguments {
        for job in request.split(',') {
            start(job.parse().expect("a number"));
        }
        let next = Instant::now() + Duration::from_millis(pause);
        while let Some(left) = next.checked_duration_since(Instant::now()) {
            let mut fds = [PollFd::new(signals.as_fd(), PollFlags::POLLIN)];
            let left = PollTimeout::try_from(left.as_millis() + 1).expect("a time");
            if poll(&mut fds, left).expect("poll") > 0 {
                signals.read_signal().expect("read");
                failed += ended(WaitPidFlag::WNOHANG).sum::<i32>();
            }
        }
    }
    exit(failed + ended(WaitPidFlag::empty()).sum::<i32>());
}
