use std::env;
use std::ffi::CString;
use std::io::{PipeReader, PipeWriter, pipe};
use std::process::exit;

use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, dup2_stdin, dup2_stdout, execv, fork};

/// Starts a child that becomes a shell, for this command, with these as its standard input and
/// output.
fn start(command: &str, input: Option<&PipeReader>, output: Option<&PipeWriter>) -> Pid {
    let command = CString::new(command).expect("no zero byte");
    // SAFETY: this process has one thread.
    match unsafe { fork() }.expect("fork") {
        ForkResult::Parent { child } => child,
        ForkResult::Child => {
            if let Some(input) = input {
                dup2_stdin(input).expect("dup2");
            }
            if let Some(output) = output {
                dup2_stdout(output).expect("dup2");
            }
            let Err(why) = execv(c"/bin/sh", &[c"sh", c"-c", &command]);
            panic!("execv: {why}");
        }
    }
}

/// Waits for a child, and returns its status.
fn wait_for(child: Pid) -> i32 {
    match waitpid(child, None).expect("waitpid") {
        WaitStatus::Exited(_, status) => status,
        WaitStatus::Signaled(_, signal, _) => 128 + signal as i32,
        other => panic!("{other:?}"),
    }
}

/// The status is that of the last command that has failed.
pub fn main() {
    let commands: Vec<String> = env::args().skip(1).collect();
    let [first, second, third] = &commands[..] else { panic!("three commands") };

    let (second_input, first_output) = pipe().expect("pipe");
    let first = start(first, None, Some(&first_output));
    drop(first_output);

    let (third_input, second_output) = pipe().expect("pipe");
    let second = start(second, Some(&second_input), Some(&second_output));
    drop(second_input);
    drop(second_output);

    let third = start(third, Some(&third_input), None);
    drop(third_input);

    let statuses = [first, second, third].map(wait_for);
    let status = statuses.into_iter().rfind(|status| *status != 0).unwrap_or(0);
    exit(status);
}
