use std::env;
use std::ffi::CString;
use std::process::exit;
use std::thread::sleep;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, wait, waitpid};
use nix::unistd::{ForkResult, Pid, execv, fork};

/// Starts a child that becomes a shell, for this command.
fn start(command: &str) -> Pid {
    let command = CString::new(command).expect("no zero byte");
    // SAFETY: this process has one thread.
    match unsafe { fork() }.expect("fork") {
        ForkResult::Parent { child } => child,
        ForkResult::Child => {
            let Err(why) = execv(c"/bin/sh", &[c"sh", c"-c", &command]);
            panic!("execv: {why}");
        }
    }
}

/// Starts a child that ends after this time.
fn start_timer(time: Duration) -> Pid {
    // SAFETY: this process has one thread.
    match unsafe { fork() }.expect("fork") {
        ForkResult::Parent { child } => child,
        ForkResult::Child => {
            sleep(time);
            exit(0);
        }
    }
}

/// Asks once after the kill, and hopes that the command has ended by then.
pub fn main() {
    let deadline = env::args().nth(1).map_or(1.0, |it| it.parse().expect("a number of seconds"));
    let command = env::args().nth(2).unwrap_or("exit 7".to_owned());
    let job = start(&command);

    let timer = start_timer(Duration::from_secs_f64(deadline));
    let first = wait().expect("wait");
    let end = if first.pid() == Some(job) {
        kill(timer, Signal::SIGKILL).expect("kill");
        waitpid(timer, None).expect("waitpid");
        first
    } else {
        kill(job, Signal::SIGKILL).expect("kill");
        waitpid(job, Some(WaitPidFlag::WNOHANG)).expect("waitpid")
    };

    match end {
        WaitStatus::Exited(_, status) => exit(status),
        _ => exit(124),
    }
}
