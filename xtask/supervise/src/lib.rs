//! Runs a program with a deadline; nothing that it started outlives it.
//!
//! Killing the program is not enough: its children live on, and hold its output open. So
//! two processes see to it:
//!
//! - The supervisor (`supervisor.rs`) starts the program, reads its output, keeps the
//!   deadline, and at the end kills what is left. It is a subreaper (prctl(2)): orphans
//!   among its descendants become its children, so none is lost.
//! - The caller, `run`, holds a pipe to the supervisor, its lifeline. When the caller ends,
//!   however it ends, the lifeline closes and the supervisor kills everything. The caller is
//!   a subreaper, too: a program knows its parent's id, and may kill its supervisor by
//!   mistake. Then its descendants become the caller's children, which kills them.
//!
//! The limit: a program that kills both, the supervisor and the caller, takes its own first
//! process with it (`PR_SET_PDEATHSIG`), but its other descendants stay. So do those that
//! became another user's.

mod descendants;
mod output;
mod report;
mod supervisor;
mod waiting;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use common::proc::OWN_PROGRAM;
use nix::sys::prctl::set_child_subreaper;
use nix::sys::signal::Signal;
use nix::unistd::Pid;

pub use descendants::Stray;
pub use supervisor::supervisor;

/// The word on xtask's command line that makes it a supervisor.
pub const SUBCOMMAND: &str = "supervisor";

/// A supervisor that has not reported this long after the deadline is stuck.
const PATIENCE: Duration = Duration::from_millis(900);

/// How long the caller waits until what it left is killed.
const LAST_WAIT: Duration = Duration::from_millis(90);

/// How long the killing continues in the background.
const TIME_TO_KILL: Duration = Duration::from_secs(60);

/// What to run, and within which limits.
#[derive(Clone, Debug)]
pub struct Program {
    /// The program: a path, or a name to be found in `PATH`. A relative path
    /// starts in `directory`.
    pub path: PathBuf,
    /// Its arguments, without its own name.
    pub arguments: Vec<OsString>,
    /// The directory it runs in.
    pub directory: PathBuf,
    /// Variables to set, or to remove, in the caller's environment.
    pub environment: Vec<(OsString, Option<OsString>)>,
    /// The time it has.
    pub deadline: Duration,
    /// The bytes it may write.
    pub output_limit: usize,
    /// Where its standard error goes.
    pub errors: Errors,
}

/// Where a program's standard error goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Errors {
    /// Into the output, in the order of writing.
    Merged,
    /// Where the caller's goes.
    Inherited,
}

/// How a program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It exited with this status.
    Exited(i32),
    /// This signal killed it, and it did not come from the supervisor.
    Killed(Signal),
    /// It was still running at its deadline, and was killed.
    DeadlinePassed,
    /// It wrote more than it may, and was killed.
    Flooded,
    /// Ctrl-C, or `interrupt`: it was killed.
    Interrupted,
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            End::Exited(status) => write!(f, "exited with status {status}"),
            End::Killed(signal) => write!(f, "was killed by {signal}"),
            End::DeadlinePassed => write!(f, "was still running at its deadline"),
            End::Flooded => write!(f, "wrote too much"),
            End::Interrupted => write!(f, "was interrupted"),
        }
    }
}

/// What became of a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// How it ended.
    pub end: End,
    /// What it and its descendants wrote, up to the limit.
    pub output: Vec<u8>,
    /// The processes that it left running when it ended by itself. They were
    /// killed. In a storm of forks these are not all.
    pub left_behind: Vec<Stray>,
    /// The processes that were not dead in time: none, unless the machine is
    /// very busy, or one became another user's or hangs in the kernel. The
    /// supervisor keeps killing for a minute.
    pub survivors: Vec<Stray>,
    /// From its start to its end.
    pub time: Duration,
    /// The CPU time that it used, and those of its descendants that were waited for.
    pub cpu: Duration,
}

/// A supervisor was killed because it did not report in time: it was stopped, or kept from
/// its work.
#[derive(Debug)]
pub struct NoAnswer(String);

impl fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.0;
        write!(f, "the supervisor of {name} did not answer; it is killed, and what it watched too")
    }
}

impl std::error::Error for NoAnswer {}

/// Runs a program until it ends or has to be ended, and returns at most one
/// second after its deadline. The caller must be xtask: it starts itself again.
///
/// # Errors
/// If the program cannot be started, or if it killed its supervisor.
pub fn run(program: &Program) -> Result<Outcome> {
    run_under(Path::new(OWN_PROGRAM), program)
}

/// The same, for a caller that is not xtask: `supervisor` is the path of xtask.
///
/// # Errors
/// As of [`run`].
pub fn run_under(supervisor: &Path, program: &Program) -> Result<Outcome> {
    let started = Instant::now();
    if supervisors().interrupted {
        return Ok(interrupted(started));
    }
    let name = program.path.display();
    let mut command = Command::new(supervisor);
    command.arg0("xtask").arg(SUBCOMMAND).args(report::arguments(program));
    for (variable, value) in &program.environment {
        match value {
            Some(value) => command.env(variable, value),
            None => command.env_remove(variable),
        };
    }
    set_child_subreaper(true).context("prctl(PR_SET_CHILD_SUBREAPER)")?;
    let (mut child, mut pipe) = Supervisors::start(&mut command)
        .with_context(|| format!("cannot start {}", supervisor.display()))?;

    // No moment: as if there was no deadline, it is so far away.
    let last_call =
        started.checked_add(program.deadline).and_then(|moment| moment.checked_add(PATIENCE));
    let mut report = Vec::new();
    let reading = read_report(&mut pipe, &mut report, last_call);
    supervisors().close_lifeline(&child);
    match reading.context("read the supervisor's report") {
        Ok(Reading::Complete) => {
            let outcome = report::outcome(&report);
            match &outcome {
                // It keeps killing, but this call returns in time.
                Ok(outcome) if !outcome.survivors.is_empty() => {
                    thread::spawn(move || {
                        let _ = reap(&mut child);
                        // One of them may have killed it.
                        end_orphans();
                    });
                }
                _ => drop(reap(&mut child)?),
            }
            return outcome;
        }
        Ok(Reading::Ended) => {}
        late => {
            child.kill().context("kill the supervisor")?;
            reap(&mut child)?;
            end_orphans();
            late?;
            return Err(NoAnswer(name.to_string()).into());
        }
    }
    let status = reap(&mut child)?;
    end_orphans();
    if let Some(signal) = status.signal() {
        if supervisor::INTERRUPTIONS.iter().any(|each| *each as i32 == signal) {
            // Ctrl-C came before the supervisor was ready for it.
            return Ok(interrupted(started));
        }
        bail!("the supervisor of {name} was killed by signal {signal}; so is the program");
    }
    bail!("the supervisor of {name} ended without a report")
}

/// Waits for the end of a supervisor.
fn reap(child: &mut Child) -> Result<ExitStatus> {
    let status = child.wait().context("wait for the supervisor")?;
    supervisors().running.remove(&child.id());
    Ok(status)
}

/// Kills what a supervisor left that was killed itself: it is this process's by now.
fn end_orphans() {
    fn end(until: Instant) -> bool {
        // While no supervisor starts, every child that is not one is such an orphan.
        let supervisors = supervisors();
        let keep = |pid: Pid| supervisors.running.contains_key(&pid.as_raw().cast_unsigned());
        descendants::end_others(keep, until).unwrap_or(true)
    }
    if !end(Instant::now() + LAST_WAIT) {
        // This returns in time; a process may hang in the kernel.
        thread::spawn(|| {
            let until = Instant::now() + TIME_TO_KILL;
            while !end(Instant::now() + LAST_WAIT) && Instant::now() < until {}
        });
    }
}

/// The outcome of a program that Ctrl-C did not let start.
fn interrupted(started: Instant) -> Outcome {
    Outcome {
        end: End::Interrupted,
        output: Vec::new(),
        left_behind: Vec::new(),
        survivors: Vec::new(),
        time: started.elapsed(),
        cpu: Duration::ZERO,
    }
}

/// Ends every running program: its `run` returns `End::Interrupted`, and so
/// does every later one. For the handler of Ctrl-C, in a thread of its own.
pub fn interrupt() {
    let mut supervisors = supervisors();
    supervisors.interrupted = true;
    supervisors.running.values_mut().for_each(|lifeline| *lifeline = None);
}

/// The supervisors of this process.
struct Supervisors {
    /// Those that are not reaped, each with its lifeline, until that is closed.
    running: BTreeMap<u32, Option<ChildStdin>>,
    interrupted: bool,
}

fn supervisors() -> MutexGuard<'static, Supervisors> {
    static SUPERVISORS: Mutex<Supervisors> =
        Mutex::new(Supervisors { running: BTreeMap::new(), interrupted: false });
    SUPERVISORS.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Supervisors {
    /// Starts one, which is known before anybody can take it for an orphan.
    fn start(command: &mut Command) -> io::Result<(Child, ChildStdout)> {
        let mut supervisors = supervisors();
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let lifeline = child.stdin.take().filter(|_| !supervisors.interrupted);
        supervisors.running.insert(child.id(), lifeline);
        let output = child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
        Ok((child, output))
    }

    fn close_lifeline(&mut self, child: &Child) {
        self.running.insert(child.id(), None);
    }
}

/// How far the supervisor's report has come.
enum Reading {
    Complete,
    /// End of file came first.
    Ended,
    Late,
}

/// Reads the report, but not longer than `until`.
fn read_report(
    pipe: &mut ChildStdout,
    into: &mut Vec<u8>,
    until: Option<Instant>,
) -> Result<Reading> {
    let mut buffer = [0; 1 << 16];
    loop {
        // What is there is read even if it is late: this process may have been
        // stopped (Ctrl-Z) for a while.
        let [readable] = waiting::wait([pipe.as_fd()], until)?;
        if readable {
            match pipe.read(&mut buffer).context("read")? {
                0 => return Ok(Reading::Ended),
                count => into.extend_from_slice(&buffer[..count]),
            }
            if report::is_complete(into) {
                return Ok(Reading::Complete);
            }
        } else if until.is_some_and(|until| Instant::now() >= until) {
            return Ok(Reading::Late);
        }
    }
}
