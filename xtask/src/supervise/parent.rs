//! The program's parent: starts it, and tells the supervisor how it ended.

use std::io::{PipeWriter, Write};
use std::mem;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use nix::errno::Errno;
use nix::libc;
use nix::sys::prctl::{set_child_subreaper, set_pdeathsig};
use nix::sys::signal::{SigHandler, SigSet, Signal, signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid, waitpid};
use nix::unistd::Pid;

use super::report::{Request, Word};
use super::waiting::wait;
use super::{End, Errors, descendants};

/// How long killing may take when the supervisor is gone. Nobody waits for it.
const TIME_TO_KILL: Duration = Duration::from_secs(60);

/// What the parent does, all its life.
pub fn run(request: &Request, output: PipeWriter, mut supervisor: UnixStream) -> ! {
    let word = match start_and_wait(request, output, &mut supervisor) {
        Ok(end) => Word::Ended(end),
        Err(error) => Word::Failed(format!("{error:#}")),
    };
    if supervisor.write_all(&word.to_line()).is_err() {
        // The supervisor is gone, so there is nobody else to do it.
        let _ = descendants::end_all(Instant::now() + TIME_TO_KILL);
    }
    std::process::exit(0)
}

fn start_and_wait(
    request: &Request,
    output: PipeWriter,
    supervisor: &mut UnixStream,
) -> Result<End> {
    // fork does not hand it down.
    set_child_subreaper(true).context("prctl(PR_SET_CHILD_SUBREAPER)")?;
    let flags = SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK;
    let signals =
        SignalFd::with_flags(&SigSet::from(Signal::SIGCHLD), flags).context("signalfd")?;
    let program = start(request, output)?;
    supervisor.write_all(&Word::Started(program).to_line()).context("tell the supervisor")?;
    loop {
        let [_, gone] = wait([signals.as_fd(), supervisor.as_fd()], None)?;
        if gone {
            return Ok(End::Interrupted);
        }
        while signals.read_signal().context("read signalfd")?.is_some() {}
        if let Some(end) = reap_until(program)? {
            return Ok(end);
        }
    }
}

/// Starts the program as a shell would: a process group of its own, no signal
/// blocked or ignored, nothing to read. A program that writes to the caller's
/// terminal ignores SIGTTOU.
fn start(request: &Request, output: PipeWriter) -> Result<Pid> {
    let Request { path, directory, .. } = request;
    ensure!(directory.is_dir(), "there is no directory {}", directory.display());
    let mut command = Command::new(path);
    command.args(&request.arguments).current_dir(directory).process_group(0).stdin(Stdio::null());
    if request.errors == Errors::Merged {
        command.stderr(output.try_clone().context("dup")?);
    }
    command.stdout(output);
    let to_terminal = request.errors == Errors::Inherited;
    let before_exec = move || {
        set_pdeathsig(Signal::SIGKILL)?;
        if to_terminal {
            // Its group is in the background, where `stty tostop` stops writers.
            // SAFETY: ignoring a signal runs no code of ours.
            unsafe { signal(Signal::SIGTTOU, SigHandler::SigIgn) }?;
        }
        SigSet::empty().thread_set_mask()?;
        Ok(())
    };
    // SAFETY: between fork and exec, prctl, signal and sigprocmask are allowed;
    // they allocate nothing.
    unsafe { command.pre_exec(before_exec) };
    let child = command.spawn().with_context(|| format!("cannot start {}", path.display()))?;
    Ok(Pid::from_raw(i32::try_from(child.id()).context("the program's id")?))
}

/// Reaps the orphans that ended, and says how the program ended, if it did.
///
/// The program itself is not reaped: as long as it is in the process table, its
/// process group can be nobody else's, and be killed as one.
fn reap_until(program: Pid) -> Result<Option<End>> {
    while let Some(ended) = next_ended()? {
        if ended == program {
            return how_it_ended(program).map(Some);
        }
        match waitpid(ended, None) {
            // Reaped, but killed by a real-time signal, which nix does not know.
            Err(Errno::EINVAL) => {}
            result => drop(result.with_context(|| format!("waitpid({ended})"))?),
        }
    }
    Ok(None)
}

/// A child that has ended, if any has. It is not reaped.
fn next_ended() -> Result<Option<Pid>> {
    let flags = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT;
    // SAFETY: all bytes zero is a valid siginfo_t, as the kernel leaves it if no child
    // has ended.
    let mut info: libc::siginfo_t = unsafe { mem::zeroed() };
    // SAFETY: the kernel writes a siginfo_t to where the pointer leads, no more. (nix has
    // waitid too, but it knows no real-time signals.)
    let done = unsafe { libc::waitid(libc::P_ALL, 0, &mut info, flags) };
    Errno::result(done).context("waitid")?;
    // SAFETY: waitid fills in the child's id, or leaves it 0.
    let ended = unsafe { info.si_pid() };
    Ok((ended != 0).then(|| Pid::from_raw(ended)))
}

/// How the program ended. It is not reaped.
fn how_it_ended(program: Pid) -> Result<End> {
    match waitid(Id::Pid(program), WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT) {
        Ok(WaitStatus::Exited(_, status)) => Ok(End::Exited(status)),
        Ok(WaitStatus::Signaled(_, signal, _)) => Ok(End::Killed(signal)),
        Err(Errno::EINVAL) => bail!("a real-time signal killed the program"),
        other => bail!("the program has ended, but waitid says {other:?}"),
    }
}
