//! The starter: the process that becomes the traced program.

use std::ffi::OsString;
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result};
use nix::libc;
use seccompiler::apply_filter;
use syscalls::Sysno;

use super::filter::filter;

/// The word on xtask's command line that makes it a starter.
pub const SUBCOMMAND: &str = "starter";

/// The command line of a starter: the numbers of the calls to stop at (none: all),
/// then the program and its arguments.
pub(super) fn arguments(calls: Option<&[Sysno]>, program: &[OsString]) -> Vec<OsString> {
    let numbers: Vec<String> =
        calls.unwrap_or_default().iter().map(|call| call.id().to_string()).collect();
    let mut arguments = vec![SUBCOMMAND.into(), numbers.join(",").into()];
    arguments.extend(program.iter().cloned());
    arguments
}

/// The body of the hidden subcommand. It returns only if the program could not
/// be started: the reason then goes to the tracer, at the other end of the input.
pub fn start(mut arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let calls = arguments.next().unwrap_or_default();
    // Not handed down to the program, for which the input itself is replaced.
    let tracer = std::io::stdin().as_fd().try_clone_to_owned();
    let error = match become_program(&calls.to_string_lossy(), arguments) {
        Ok(never) => match never {},
        Err(error) => error,
    };
    // It fails if the tracer is gone: then there is nobody left to tell.
    let _ = tracer.and_then(|tracer| write!(File::from(tracer), "{error:#}"));
    ExitCode::from(127)
}

/// Nothing is of this type.
enum Never {}

fn become_program(calls: &str, mut program: impl Iterator<Item = OsString>) -> Result<Never> {
    let path = program.next().context("no program to start")?;
    leave_terminal();
    // The end of the input says that this process is traced now.
    std::io::stdin().read_to_end(&mut Vec::new()).context("wait for the tracer")?;
    let numbers = calls.split(',').filter(|number| !number.is_empty());
    let calls = numbers
        .map(|number| number.parse().context("a call's number"))
        .collect::<Result<Vec<u32>>>()?;
    if !calls.is_empty() {
        apply_filter(&filter(&calls)).context("install the filter (seccomp)")?;
    }
    let mut command = Command::new(&path);
    command.args(program).stdin(Stdio::null());
    Err(command.exec().into())
}

/// Gives up the terminal that this process has from its caller: a program that then asks for
/// /dev/tty gets an error. It is in the background there and would be stopped, and nobody
/// would let it go on. In a session of its own it could not be a leader of process groups.
fn leave_terminal() {
    if let Ok(terminal) = File::open("/dev/tty") {
        // SAFETY: the descriptor is open, and the request has no argument. It cannot fail for
        // the terminal that was just opened as this process's own.
        unsafe { libc::ioctl(terminal.as_raw_fd(), libc::TIOCNOTTY) };
    }
}
