//! The supervisor: reads the output, keeps the deadline, kills what is left.

use std::ffi::OsString;
use std::io::{self, BufRead, BufReader, Stdin, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use nix::sys::prctl::set_child_subreaper;
use nix::sys::signal::{SigHandler, SigSet, Signal, signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork};

use super::output::Output;
use super::report::{self, Request, Word};
use super::waiting::wait;
use super::{End, Outcome, Stray, descendants, parent};

/// How long a process that the program did not wait for may take to end by
/// itself, before it counts as left behind. Some are about to: those that end
/// when a pipe from the program closes, for one.
const GRACE: Duration = Duration::from_millis(100);

/// How long killing may take until the report. A few milliseconds are usual.
const TIME_TO_KILL: Duration = Duration::from_millis(700);

/// How long it goes on after the report, if somebody has survived so far.
const TIME_TO_KILL_LATER: Duration = Duration::from_secs(60);

/// The body of xtask's hidden subcommand. It must be the first thing that xtask
/// does: it forks, so there may be no other thread.
pub fn supervisor(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let outcome = Request::parse(arguments).and_then(|request| supervise(&request));
    let report = report::bytes(&outcome);
    let mut stdout = io::stdout().lock();
    // It fails if the caller is gone: then there is nobody left to tell.
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
    let end = watch.until_end(started + request.deadline);
    let time = started.elapsed();

    let by_itself = matches!(end, Ok(End::Exited(_) | End::Killed(_)));
    let running = if by_itself { watch.still_running() } else { Ok(Vec::new()) };
    if !by_itself {
        watch.kill_program();
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
        let own = [Some(watch.parent_id), watch.program];
        left_behind.retain(|stray| !own.contains(&Some(Pid::from_raw(stray.pid))));
        left_behind.sort_by_key(|stray| stray.pid);
        left_behind.dedup_by_key(|stray| stray.pid);
    }
    Ok(Outcome { end, output, left_behind, survivors: swept.survivors, time })
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
    parent: BufReader<UnixStream>,
    parent_id: Pid,
    /// The id of the program, once it runs.
    program: Option<Pid>,
}

impl Watch {
    /// Starts the parent, which starts the program.
    fn start(request: &Request) -> Result<Watch> {
        let signals = take_signals()?;
        set_child_subreaper(true).context("prctl(PR_SET_CHILD_SUBREAPER)")?;
        let output = Output::new(request.output_limit)?;
        let write_end = output.write_end()?;
        let (ours, theirs) = UnixStream::pair().context("socketpair")?;

        // SAFETY: this process has one thread, see `supervisor`.
        let parent_id = match unsafe { fork() }.context("fork")? {
            ForkResult::Child => {
                drop(ours);
                parent::run(request, write_end, theirs)
            }
            ForkResult::Parent { child } => child,
        };
        Ok(Watch {
            signals,
            lifeline: io::stdin(),
            output,
            parent: BufReader::new(ours),
            parent_id,
            program: None,
        })
    }

    /// Reads the output until the program has ended or has to be ended.
    fn until_end(&mut self, deadline: Instant) -> Result<End> {
        loop {
            let [told, signal, lifeline, output] = wait(
                [
                    self.parent.get_ref().as_fd(),
                    self.signals.as_fd(),
                    self.lifeline.as_fd(),
                    self.output.as_fd(),
                ],
                Some(deadline),
            )?;
            if told && let Some(end) = self.told()? {
                return Ok(end);
            }
            if lifeline || (signal && self.interrupted()?) {
                return Ok(End::Interrupted);
            }
            if output {
                self.output.read()?;
            }
            if self.output.overflowed() {
                return Ok(End::Flooded);
            }
            if Instant::now() >= deadline {
                return Ok(End::DeadlinePassed);
            }
        }
    }

    /// What the parent says of the program's end, or how it died without a word
    /// of it.
    fn told(&mut self) -> Result<Option<End>> {
        loop {
            let mut line = Vec::new();
            self.parent.read_until(b'\n', &mut line).context("read from the parent")?;
            if line.is_empty() {
                break;
            }
            match Word::parse(&line)? {
                Word::Started(program) => self.program = Some(program),
                Word::Ended(end) => return Ok(Some(end)),
                Word::Failed(error) => bail!("{error}"),
            }
            if self.parent.buffer().is_empty() {
                return Ok(None);
            }
        }
        match waitpid(self.parent_id, None).context("waitpid")? {
            WaitStatus::Signaled(_, signal, _) => bail!(
                "the parent of the program was killed by {signal}, it may be by the program; \
                 all that was left was killed"
            ),
            status => bail!("the parent of the program ended too early: {status:?}"),
        }
    }

    /// Kills the program and its group, before anybody has reaped it: the parent
    /// does not, so the id is surely its own.
    fn kill_program(&self) {
        if let Some(program) = self.program {
            descendants::kill_with_group(program);
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
