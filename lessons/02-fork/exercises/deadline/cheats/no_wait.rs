use std::env;
use std::ffi::CString;
use std::process::exit;

use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitStatus, wait};
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

/// Kills the command, and leaves a zombie.
pub fn main() {
    let deadline =
        env::args().nth(1).map_or(1.0, |it| it.parse::<f64>().expect("a number of seconds"));
    let command = env::args().nth(2).unwrap_or("exit 7".to_owned());
    let job = start(&command);

    let timer = start(&format!("exec sleep {deadline}"));
    let end = wait().expect("wait");
    if end.pid() == Some(timer) {
        kill(job, Signal::SIGKILL).expect("kill");
        exit(124);
    }
    kill(timer, Signal::SIGKILL).expect("kill");
    wait().expect("wait");

    match end {
        WaitStatus::Exited(_, status) => exit(status),
        _ => exit(124),
    }
}
