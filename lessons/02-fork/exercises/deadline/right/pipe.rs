use std::env;
use std::ffi::CString;
use std::os::fd::AsFd;
use std::process::exit;
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, execv, fork, pipe};

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

/// The read end of a pipe is at its end when the command is.
pub fn main() {
    let deadline = env::args().nth(1).map_or(1.0, |it| it.parse().expect("a number of seconds"));
    let command = env::args().nth(2).unwrap_or("exit 7".to_owned());
    // It is not closed by an exec: the command has the write end open until it ends.
    let (until_end, only_child) = pipe().expect("pipe");
    let job = start(&command);

    drop(only_child);
    let time = PollTimeout::try_from(Duration::from_secs_f64(deadline)).expect("a time");
    let mut fds = [PollFd::new(until_end.as_fd(), PollFlags::POLLIN)];
    if poll(&mut fds, time).expect("poll") == 0 {
        kill(job, Signal::SIGKILL).expect("kill");
    }
    let end = waitpid(job, None).expect("waitpid");

    match end {
        WaitStatus::Exited(_, status) => exit(status),
        _ => exit(124),
    }
}
