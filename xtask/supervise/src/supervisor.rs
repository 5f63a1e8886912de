//! The supervisor: starts the program, reads its output, keeps the deadline, and kills what
//! is left.

use std::ffi::OsString;
use std::io::{self, PipeWriter, Stdin, Write};
use std::mem;
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use nix::errno::Errno;
use nix::libc;
use nix::sys::prctl::{set_child_subreaper, set_pdeathsig};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::signal::{SigHandler, SigSet, Signal, signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::sys::time::TimeValLike;
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid, waitpid};
use nix::unistd::{Pid, setsid};

use super::output::Output;
use super::report::{self, Request};
use super::waiting::wait;
use super::{End, Errors, Outcome, Stray, descendants};

/// How long a process that the program did not wait for may take to end by
/// itself, before it counts as left behind. Some are about to: those that end
/// when a pipe from the program closes, for one.
const GRACE: Duration = Duration::from_millis(100);

/// How long killing may take until the report. A few milliseconds are usual.
const TIME_TO_KILL: Duration = Duration::from_millis(700);

/// How long it keeps killing after the report, if a process has survived so far.
const TIME_TO_KILL_LATER: Duration = Duration::from_secs(60);

/// The body of xtask's hidden subcommand.
pub fn supervisor(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let outcome = Request::parse(arguments).and_then(|request| supervise(&request));
    let report = report::bytes(&outcome);
    let mut stdout = io::stdout().lock();
    // It fails if the caller is gone: then no process is left to report to.
    let told = stdout.write_all(&report).and_then(|()| stdout.flush());
    // No child is left, unless the machine is very busy or something hangs in
    // the kernel: the caller does not wait for that.
    let swept = descendants::end_all(Instant::now() + TIME_TO_KILL_LATER);
    match (told, swept) {
        (Ok(()), Ok(swept)) if swept.survivors.is_empty() => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}

fn supervise(request: &Request) -> Result<Outcome> {
    let started = Instant::now();
    let mut watch = Watch::start(request)?;
    let end = watch.until_end(started.checked_add(request.deadline));
    let time = started.elapsed();

    let by_itself = matches!(end, Ok(End::Exited(_) | End::Killed(_)));
    let running = if by_itself { watch.still_running() } else { Ok(Vec::new()) };
    if !by_itself {
        // It has not been reaped, so the id is certainly its own.
        descendants::kill_with_group(watch.program);
    }
    // Also after an error: above all, nothing may be left.
    let swept = descendants::end_all(Instant::now() + TIME_TO_KILL)?;

    let (mut end, mut left_behind) = (end?, running?);
    // No more than a pipe holds comes now: who could write is dead.
    let (output, overflowed) = watch.output.finish()?;
    if by_itself {
        if overflowed {
            end = End::Flooded;
        }
        left_behind.extend(swept.killed);
        left_behind.retain(|stray| stray.pid != watch.program.as_raw());
        left_behind.sort_by_key(|stray| stray.pid);
        left_behind.dedup_by_key(|stray| stray.pid);
    }
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).context("getrusage")?;
    let cpu = usage.user_time() + usage.system_time();
    let cpu = Duration::from_micros(cpu.num_microseconds().unsigned_abs());
    Ok(Outcome { end, output, left_behind, survivors: swept.survivors, time, cpu })
}

/// Blocks every signal, and returns the file from which those that matter here
/// can be read. Whatever the caller had ignored is back to its default, for
/// the program inherits that: SIGCHLD for one, and SIGINT under `&`.
fn take_signals() -> Result<SignalFd> {
    SigSet::all().thread_set_mask().context("sigprocmask")?;
    for each in Signal::iterator() {
        if !matches!(each, Signal::SIGKILL | Signal::SIGSTOP) {
            // SAFETY: the default action runs no code of ours.
            unsafe { signal(each, SigHandler::SigDfl) }
                .with_context(|| format!("signal({each})"))?;
        }
    }
    let mut mask = SigSet::empty();
    mask.extend([Signal::SIGCHLD]);
    mask.extend(INTERRUPTIONS);
    let flags = SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK;
    SignalFd::with_flags(&mask, flags).context("signalfd")
}

/// Ctrl-C, Ctrl-\, kill, and a terminal that closes.
pub const INTERRUPTIONS: [Signal; 4] =
    [Signal::SIGINT, Signal::SIGQUIT, Signal::SIGTERM, Signal::SIGHUP];

/// Everything that the supervisor looks at.
struct Watch {
    signals: SignalFd,
    lifeline: Stdin,
    output: Output,
    program: Pid,
}

impl Watch {
    /// Starts the program.
    fn start(request: &Request) -> Result<Watch> {
        let signals = take_signals()?;
        set_child_subreaper(true).context("prctl(PR_SET_CHILD_SUBREAPER)")?;
        let output = Output::new(request.output_limit)?;
        let program = start(request, output.write_end()?)?;
        Ok(Watch { signals, lifeline: io::stdin(), output, program })
    }

    /// Reads the output until the program has ended or has to be ended.
    fn until_end(&mut self, deadline: Option<Instant>) -> Result<End> {
        loop {
            let [signal, lifeline, output] =
                wait([self.signals.as_fd(), self.lifeline.as_fd(), self.output.as_fd()], deadline)?;
            if lifeline || (signal && self.interrupted()?) {
                return Ok(End::Interrupted);
            }
            if signal && let Some(end) = reap_until(self.program)? {
                return Ok(end);
            }
            if output {
                self.output.read()?;
            }
            if self.output.overflowed() {
                return Ok(End::Flooded);
            }
            if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                return Ok(End::DeadlinePassed);
            }
        }
    }

    /// The descendants that do not end by themselves in a short while.
    fn still_running(&mut self) -> Result<Vec<Stray>> {
        let until = Instant::now() + GRACE;
        while !descendants::reap()? {
            if Instant::now() >= until {
                return descendants::running();
            }
            let [signal, output] = wait([self.signals.as_fd(), self.output.as_fd()], Some(until))?;
            if output {
                self.output.read()?;
            }
            if self.output.overflowed() || (signal && self.interrupted()?) {
                return descendants::running();
            }
        }
        Ok(Vec::new())
    }

    /// Takes the signals that came, and says whether one is to end the program.
    fn interrupted(&self) -> Result<bool> {
        let mut interrupted = false;
        while let Some(info) = self.signals.read_signal().context("read signalfd")? {
            interrupted |= INTERRUPTIONS.iter().any(|each| *each as u32 == info.ssi_signo);
        }
        Ok(interrupted)
    }
}

/// Starts the program as a shell would: a process group of its own, no signal
/// blocked or ignored, nothing to read. A program whose output is compared has no
/// terminal, wherever the caller has one; one that writes to the caller's terminal
/// ignores SIGTTOU.
fn start(request: &Request, output: PipeWriter) -> Result<Pid> {
    let Request { path, directory, .. } = request;
    ensure!(directory.is_dir(), "no directory {}", directory.display());
    let mut command = Command::new(path);
    command.args(&request.arguments).current_dir(directory).stdin(Stdio::null());
    if request.errors == Errors::Merged {
        command.stderr(output.try_clone().context("dup")?);
    }
    command.stdout(output);
    let to_terminal = request.errors == Errors::Inherited;
    if to_terminal {
        command.process_group(0);
    }
    let before_exec = move || {
        set_pdeathsig(Signal::SIGKILL)?;
        if to_terminal {
            // Its group is in the background, where `stty tostop` stops writers.
            // SAFETY: ignoring a signal runs no code of ours.
            unsafe { signal(Signal::SIGTTOU, SigHandler::SigIgn) }?;
        } else {
            // A session of its own: /dev/tty does not open, for a reader's terminal would
            // stop the program, or show what no comparison sees.
            setsid()?;
        }
        SigSet::empty().thread_set_mask()?;
        Ok(())
    };
    // SAFETY: between fork and exec, prctl, signal, setsid and sigprocmask are allowed;
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
