//! The starter: the process that becomes the traced program.

use std::ffi::OsString;
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};
use std::sync::OnceLock;

use anyhow::{Context, Result};
use common::{proc, start};
use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::libc;
use nix::sys::signal::SigSet;
use seccompiler::apply_filter;
use syscalls::Sysno;

use super::filter::filter;

/// The word on xtask's command line that makes it a starter.
pub const SUBCOMMAND: &str = "starter";

/// The signals that this process was started with as ignored and as blocked, a bit for each.
static GIVEN: OnceLock<[u64; 2]> = OnceLock::new();

/// Notes which signals this process ignores and blocks: a traced program gets these, and not
/// what this process changes from now on.
pub fn note_signals() {
    let set = |name| proc::signals("/proc/self/status", name).unwrap_or_default();
    GIVEN.get_or_init(|| ["SigIgn", "SigBlk"].map(set));
}

/// The command line of a starter: the number of the socket to its tracer, the numbers of the
/// calls to stop at (none: all), the signals to ignore and to block, then the program and its
/// arguments. The socket becomes one that is inherited.
pub(super) fn arguments(
    tracer: BorrowedFd,
    calls: Option<&[Sysno]>,
    program: &[OsString],
) -> Result<Vec<OsString>> {
    fcntl(tracer, FcntlArg::F_SETFD(FdFlag::empty())).context("let a socket be inherited")?;
    let numbers: Vec<String> =
        calls.unwrap_or_default().iter().map(|call| call.id().to_string()).collect();
    let tracer = tracer.as_raw_fd().to_string();
    let [ignored, blocked] = GIVEN.get().copied().unwrap_or_default().map(|set| set.to_string());
    let words = [SUBCOMMAND.to_owned(), tracer, numbers.join(","), ignored, blocked];
    let mut arguments = words.map(OsString::from).to_vec();
    arguments.extend(program.iter().cloned());
    Ok(arguments)
}

/// The body of the hidden subcommand. It returns only if the program could not
/// be started: the reason then goes to the tracer.
pub fn start(mut arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let mut word = || arguments.next().unwrap_or_default().to_string_lossy().into_owned();
    let (tracer, calls) = (word(), word());
    let [ignored, blocked] = [word(), word()].map(|it| it.parse().unwrap_or(0));
    // Without a tracer there is nobody to tell.
    let Ok(mut tracer) = socket(&tracer) else { return ExitCode::from(127) };
    give_signals(ignored, blocked);
    let error = match become_program(&mut tracer, &calls, arguments) {
        Ok(never) => match never {},
        Err(error) => error,
    };
    // It fails if the tracer is gone.
    let _ = write!(tracer, "{error:#}");
    ExitCode::from(127)
}

/// The socket with this number. The program does not inherit it.
fn socket(number: &str) -> Result<UnixStream> {
    let number = number.parse().context("the socket's number")?;
    // SAFETY: the tracer opened it for this process, and nothing else here knows its number.
    let socket = unsafe { OwnedFd::from_raw_fd(number) };
    fcntl(&socket, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC)).context("keep the socket")?;
    Ok(socket.into())
}

/// Nothing is of this type.
enum Never {}

fn become_program(
    tracer: &mut UnixStream,
    calls: &str,
    mut program: impl Iterator<Item = OsString>,
) -> Result<Never> {
    let path = program.next().context("no program to start")?;
    leave_terminal();
    // The end of file says that this process is traced now.
    tracer.read_to_end(&mut Vec::new()).context("wait for the tracer")?;
    let numbers = calls.split(',').filter(|number| !number.is_empty());
    let calls = numbers
        .map(|number| number.parse().context("a call's number"))
        .collect::<Result<Vec<u32>>>()?;
    if !calls.is_empty() {
        apply_filter(&filter(&calls)).context("install the filter (seccomp)")?;
    }
    Err(Command::new(&path).args(program).exec().into())
}

/// Ignores and blocks these signals and no others. (SIGPIPE, which every Rust program ignores, has
/// its default action again when the program starts.)
fn give_signals(ignored: u64, blocked: u64) {
    start::default_signals(|_| true);
    let in_set = |set: u64| (1..=64).filter(move |signal| set >> (signal - 1) & 1 == 1);
    for signal in in_set(ignored) {
        // SAFETY: no handler is installed, so none can run at a bad moment.
        unsafe { libc::signal(signal, libc::SIG_IGN) };
    }
    let mut set = *SigSet::empty().as_ref();
    for signal in in_set(blocked) {
        // SAFETY: the set is one, and the call writes no more than it.
        unsafe { libc::sigaddset(&raw mut set, signal) };
    }
    // SAFETY: the set began as an empty one.
    let set = unsafe { SigSet::from_sigset_t_unchecked(set) };
    // It fails only for a wrong way to change the mask.
    _ = set.thread_set_mask();
}

/// Gives up the terminal that this process has from its caller: a program that then asks for
/// /dev/tty gets an error. It is in the background there and would be stopped, and nobody
/// would let it continue. In a session of its own it could not be a leader of process groups.
fn leave_terminal() {
    if let Ok(terminal) = File::open("/dev/tty") {
        // SAFETY: the descriptor is open, and the request has no argument. It cannot fail for
        // the terminal that was just opened as this process's own.
        unsafe { libc::ioctl(terminal.as_raw_fd(), libc::TIOCNOTTY) };
    }
}
