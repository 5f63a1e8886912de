use std::env;
use std::ffi::CString;
use std::os::fd::OwnedFd;
use std::process::exit;

use nix::sys::wait::{WaitStatus, wait};
use nix::unistd::{ForkResult, Pid, dup2_stdin, dup2_stdout, execv, fork, pipe};

/// The last command is started first. These pipes do not close by themselves at an exec.
pub fn main() {
    let commands: Vec<String> = env::args().skip(1).collect();
    let mut last = None;
    let mut output: Option<OwnedFd> = None;
    for (place, command) in commands.iter().enumerate().rev() {
        let ends = if place > 0 { Some(pipe().expect("pipe")) } else { None };
        let (input, next_output) = ends.unzip();
        // SAFETY: this process has one thread.
        match unsafe { fork() }.expect("fork") {
            ForkResult::Parent { child } => last = last.or(Some(child)),
            ForkResult::Child => {
                if let Some(input) = input {
                    dup2_stdin(&input).expect("dup2");
                }
                if let Some(output) = output {
                    dup2_stdout(&output).expect("dup2");
                }
                drop(next_output);
                become_shell(command);
            }
        }
        // This closes the former one, and at the end of the block the input.
        output = next_output;
    }
    exit(status_of(last.expect("a command")));
}

fn become_shell(command: &str) -> ! {
    let command = CString::new(command).expect("no zero byte");
    let Err(why) = execv(c"/bin/sh", &[c"sh", c"-c", &command]);
    panic!("execv: {why}");
}

/// Waits for all children, and returns the status of this one.
fn status_of(child: Pid) -> i32 {
    let mut of_child = 1;
    while let Ok(end) = wait() {
        if let WaitStatus::Exited(pid, status) = end
            && pid == child
        {
            of_child = status;
        }
    }
    of_child
}
