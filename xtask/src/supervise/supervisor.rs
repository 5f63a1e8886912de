//! The supervisor: reads the output, keeps the deadline, kills what is left.

use std::ffi::OsString;
use std::io::{self, BufRead, BufReader, ErrorKind, PipeReader, PipeWriter, Read, Stdin, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::prctl::set_child_subreaper;
use nix::sys::signal::{SigHandler, SigSet, Signal, signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork};

use super::report::{self, Request};
use super::waiting::wait;
use super::{End, Outcome, Stray, descendants, parent};

/// How long a process that the program did not wait for may take to end by
/// itself, before it counts as left behind. Some are about to: those that end
/// when a pipe from the program closes, for one.
const GRACE: Duration = Duration::from_millis(100);

/// How long killing may take. A few milliseconds are usual.
const TIME_TO_KILL: Duration = Duration::from_millis(700);

/// The body of xtask's hidden subcommand. It must be the first thing that xtask
/// does: it forks, so there may be no other thread.
pub fn supervisor(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let outcome = Request::parse(arguments).and_then(|request| supervise(&request));
    let report = report::bytes(&outcome);
    let mut stdout = io::stdout().lock();
    // It fails if the caller is gone: then there is nobody left to tell.
    match stdout.write_all(&report).and_then(|()| stdout.flush()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn supervise(request: &Request) -> Result<Outcome> {
    let started = Instant::now();
    let mut watch = Watch::start(request)?;
    let end = watch.until_end(started + request.deadline);
    let time = started.elapsed();

    let by_itself = matches!(end, Ok(End::Exited(_) | End::Killed(_)));
    let running = if by_itself { watch.still_running() } else { Ok(Vec::new()) };
    // Also after an error: above all, nothing may be left.
    let swept = descendants::end_all(Instant::now() + TIME_TO_KILL)?;
    let (mut end, mut left_behind) = (end?, running?);

    if by_itself {
        left_behind.extend(swept.killed);
        left_behind.retain(|stray| stray.pid != watch.parent_id.as_raw());
        left_behind.sort_by_key(|stray| stray.pid);
        left_behind.dedup_by_key(|stray| stray.pid);
        // No more than a pipe holds comes now: who could write is dead.
        watch.read_the_rest()?;
        if watch.overflowed {
            end = End::Flooded;
        }
    } else if end != End::Flooded {
        watch.read_the_rest()?;
    }
    Ok(Outcome { end, output: watch.kept, left_behind, survivors: swept.survivors, time })
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
    output: PipeReader,
    /// Kept open, so that the output never comes to its end: a program may close
    /// its own and go on. It is the parent who says when it has ended.
    _write_end: PipeWriter,
    parent: BufReader<UnixStream>,
    parent_id: Pid,
    kept: Vec<u8>,
    limit: usize,
    /// Whether there was more than the limit, whenever that was.
    overflowed: bool,
}

impl Watch {
    /// Starts the parent, which starts the program.
    fn start(request: &Request) -> Result<Watch> {
        let signals = take_signals()?;
        set_child_subreaper(true).context("prctl(PR_SET_CHILD_SUBREAPER)")?;
        let (output, write_end) = io::pipe().context("pipe")?;
        fcntl(&output, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).context("fcntl(O_NONBLOCK)")?;
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
            _write_end: write_end,
            parent: BufReader::new(ours),
            parent_id,
            kept: Vec::new(),
            limit: request.output_limit,
            overflowed: false,
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
            if told {
                return self.told();
            }
            if lifeline || (signal && self.interrupted()?) {
                return Ok(End::Interrupted);
            }
            if output && self.read()? == Reading::Full {
                return Ok(End::Flooded);
            }
            if Instant::now() >= deadline {
                return Ok(End::DeadlinePassed);
            }
        }
    }

    /// What the parent says, or how it died without a word.
    fn told(&mut self) -> Result<End> {
        let mut line = Vec::new();
        self.parent.read_until(b'\n', &mut line).context("read from the parent")?;
        if !line.is_empty() {
            return report::parse_line(&line);
        }
        match waitpid(self.parent_id, None).context("waitpid")? {
            WaitStatus::Signaled(_, signal, _) => bail!(
                "the parent of the program was killed by {signal}, it may be by the program; \
                 all that was left was killed"
            ),
            status => bail!("the parent of the program ended too early: {status:?}"),
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
            if (signal && self.interrupted()?) || (output && self.read()? == Reading::Full) {
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

    /// Reads what is still in the pipe.
    fn read_the_rest(&mut self) -> Result<Reading> {
        loop {
            match self.read()? {
                Reading::Some => {}
                end => return Ok(end),
            }
        }
    }

    /// Reads once, and keeps as much as the limit allows.
    fn read(&mut self) -> Result<Reading> {
        let mut buffer = [0; 1 << 16];
        let count = match self.output.read(&mut buffer) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(Reading::Nothing),
            result => result.context("read the output")?,
        };
        let room = self.limit - self.kept.len();
        self.kept.extend_from_slice(&buffer[..count.min(room)]);
        self.overflowed |= count > room;
        Ok(if count > room { Reading::Full } else { Reading::Some })
    }
}

/// What came of one look into the pipe.
#[derive(PartialEq, Eq)]
enum Reading {
    Some,
    Nothing,
    /// More than the limit allows.
    Full,
}
