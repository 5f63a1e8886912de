use std::env;
use std::ffi::CString;
use std::process::exit;
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
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

/// Asks the command to end, which may ignore that.
pub fn main() {
    let deadline = env::args().nth(1).map_or(1.0, |it| it.parse().expect("a number of seconds"));
    let command = env::args().nth(2).unwrap_or("exit 7".to_owned());
    let job = start(&command);

    let begin = Instant::now();
    let end = loop {
        match waitpid(job, Some(WaitPidFlag::WNOHANG)).expect("waitpid") {
            WaitStatus::StillAlive => {}
            end => break end,
        }
        if begin.elapsed().as_secs_f64() >= deadline {
            kill(job, Signal::SIGTERM).expect("kill");
            break waitpid(job, None).expect("waitpid");
        }
        sleep(Duration::from_millis(5));
    };

    match end {
        WaitStatus::Exited(_, status) => exit(status),
        _ => exit(124),
    }
}
