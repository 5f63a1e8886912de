use std::collections::HashMap;
use std::os::unix::process::CommandExt;
use std::process::{Command, exit};

use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, fork};

pub fn main() {
    let mut arguments = std::env::args().skip(1);
    let limit: usize = arguments.next().map_or(2, |limit| limit.parse().expect("a number"));
    let jobs: Vec<String> = arguments.collect();
    let mut running = HashMap::new();
    let mut failed = 0;
    let mut next = 0;
    while next < jobs.len() || !running.is_empty() {
        while next < jobs.len() && running.len() < limit {
            // SAFETY: this process has one thread.
            match unsafe { fork() }.expect("fork") {
                ForkResult::Child => {
                    panic!("{}", Command::new("sh").arg("-c").arg(&jobs[next]).exec())
                }
                ForkResult::Parent { child } => running.insert(child, next),
            };
            next += 1;
        }
        let ended = waitpid(None, None).expect("waitpid");
        running.remove(&ended.pid().expect("it has ended"));
        failed += i32::from(!matches!(ended, WaitStatus::Exited(_, 0)));
    }
    exit(failed);
}
