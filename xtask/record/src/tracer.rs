//! The tracer: lets tasks run, and is told by the kernel when one of them stops.
//!
//! ptrace(2) describes what comes when. Three things to know: a new task may stop
//! for the first time before or after its maker's fork is reported, so it is left
//! stopped until both have come; a maker that is killed in the fork never reports it;
//! and when a thread that is not the first calls exec, it takes over the first one's
//! id, and all others are gone.

mod interrupt;
mod stepping;

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, PipeReader, PipeWriter, Read};
use std::net::Shutdown;
use std::ops::ControlFlow;
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use common::proc;
use nix::errno::Errno;
use nix::libc;
use nix::sys::ptrace::{self, Options};
use nix::sys::signal::{self, Signal};
use nix::unistd::{Pid, getpid};

use super::calls::{self, Begun, Entry, Known};
use super::channels::Channels;
use super::event::{End, Event};
use super::words::{self, NEVER};
use super::{Group, Selection, starter};

pub use interrupt::{interrupt, was_interrupted};
pub use stepping::{State, Steps, step};
use stepping::{Step, Stepping};

/// The system does not let this process trace another.
#[derive(Debug)]
pub struct Refused {
    why: Errno,
    /// The process that traces the program already.
    tracer: Option<String>,
    /// The process that was to be traced, if it was running already.
    running: Option<Pid>,
}

impl Refused {
    /// Of this process, which the recorder did not start.
    fn of_running(process: Pid, why: Errno) -> Refused {
        Refused { why, tracer: tracer_of(process), running: Some(process) }
    }
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let why = self.why.desc();
        match (&self.tracer, self.running) {
            (Some(tracer), None) => write!(
                f,
                "pid {tracer} already traces whatever is started here, and a program has only one \
                 tracer (ptrace: {why})"
            ),
            (Some(tracer), Some(process)) => write!(
                f,
                "pid {tracer} already traces pid {process}, and a program has only one tracer \
                 (ptrace: {why})"
            ),
            (None, None) => {
                write!(f, "this system does not let a program be traced (ptrace: {why})")
            }
            (None, Some(process)) => write!(
                f,
                "you may not trace pid {process} (ptrace: {why}): it is another user's, or this \
                 system only allows programs to be traced that the tracer has started \
                 (/proc/sys/kernel/yama/ptrace_scope); as root it may work"
            ),
        }
    }
}

impl std::error::Error for Refused {}

/// Whether a program is traced at the moment.
pub fn is_running() -> bool {
    RUNNING.load(Ordering::Relaxed)
}

/// Whether what is traced runs on when this process ends.
pub fn runs_on() -> bool {
    ATTACHED.load(Ordering::Relaxed)
}

static RUNNING: AtomicBool = AtomicBool::new(false);
static ATTACHED: AtomicBool = AtomicBool::new(false);

/// A program to record.
pub struct Program<'a> {
    /// Its path, or its name to be looked up in `PATH`, and its arguments.
    pub words: &'a [OsString],
    /// Where it runs.
    pub folder: &'a Path,
    /// Whether it reads this process's standard input. If not, it has nothing to read.
    pub reads: bool,
}

/// What is called with each event. On `Break` the recording ends.
pub type Tell<'a> = &'a mut dyn FnMut(Event) -> ControlFlow<()>;

/// Runs a program to the end of its last descendant and tells every selected
/// event as it comes. The caller must be xtask: it starts itself again and becomes
/// the program. The program's output goes nowhere, but into the events. If the
/// recording ends earlier, the program and its descendants are killed.
///
/// One thread traces: the kernel knows a tracer by its thread. Two others read the
/// program's output, so that it is never kept waiting.
///
/// # Errors
/// [`Refused`]; or if the program cannot be started, or a call to ptrace fails.
pub fn record(program: &Program, selection: &Selection, tell: Tell) -> Result<()> {
    record_under(Path::new(proc::OWN_PROGRAM), program, selection, tell)
}

/// The same, for a caller that is not xtask: `xtask` is its path.
///
/// # Errors
/// As of [`record`].
pub fn record_under(
    xtask: &Path,
    program: &Program,
    selection: &Selection,
    tell: Tell,
) -> Result<()> {
    let (stdout, out) = io::pipe().context("pipe")?;
    let (stderr, err) = io::pipe().context("pipe")?;
    drain(stdout);
    drain(stderr);
    let (mut tracer, starter) = begin(xtask, program, selection, [out, err], tell)?;
    tracer.run()?;
    tracer.finish(starter, program)
}

/// Starts a program that is traced and prints into these pipes. Returns its starter's socket,
/// too.
fn begin<'a>(
    xtask: &Path,
    program: &Program,
    selection: &'a Selection,
    outputs: [PipeWriter; 2],
    tell: Tell<'a>,
) -> Result<(Tracer<'a>, UnixStream)> {
    let mut printed = Vec::new();
    for output in &outputs {
        let output = output.as_fd().try_clone_to_owned().context("copy a pipe's end")?;
        let inode = File::from(output).metadata().context("ask for a pipe's number")?.ino();
        printed.push(format!("pipe:[{inode}]"));
    }
    let [stdout, stderr] = outputs;
    let calls = selection.calls();
    let (ours, theirs) = UnixStream::pair().context("socketpair")?;
    let mut starter = Command::new(xtask)
        .arg0("xtask")
        .args(starter::arguments(theirs.as_fd(), calls.as_deref(), program.words)?)
        .current_dir(program.folder)
        .stdin(if program.reads { Stdio::inherit() } else { Stdio::null() })
        // A program may do less if it knows that nobody reads its output, and it can see
        // that at /dev/null.
        .stdout(stdout)
        .stderr(stderr)
        .process_group(0)
        .spawn()
        .with_context(|| format!("start {}", xtask.display()))?;
    drop(theirs);
    let root = Pid::from_raw(starter.id().try_into().context("the starter's id")?);
    let options = followed() | Options::PTRACE_O_EXITKILL | Options::PTRACE_O_TRACESECCOMP;
    if let Err(why) = ptrace::seize(root, options) {
        let tracer = tracer_of(root);
        starter.kill().context("kill the starter")?;
        starter.wait().context("wait for the starter")?;
        return Err(Refused { why, tracer, running: None }.into());
    }
    // It runs on at a seize. To be stopped at its calls it has to stop once.
    gone_or(ptrace::interrupt(root))?;
    // The end of file tells the starter that it is traced.
    ours.shutdown(Shutdown::Write).context("shut the socket to the starter down")?;

    let mut known = Known { channels: Channels::new(printed), ..Known::default() };
    known.ids.born(root, None);
    let mut tracer = Tracer::new(known, selection, tell);
    tracer.is_filtered = calls.is_some();
    tracer.tasks.insert(root, Task { born: true, ..Task::new(root, "fork") });
    Ok((tracer, ours))
}

/// Follows a program that is running already, and all that it starts from now on, to its end.
/// When the recording ends earlier, or this process does, they run on.
///
/// # Errors
/// As of [`record`]; or if there is no such process.
pub fn record_running(process: Pid, selection: &Selection, tell: Tell) -> Result<()> {
    let whose = proc::field(format!("/proc/{process}/status"), "Tgid").ok();
    let whose = whose.with_context(|| format!("no process {process}"))?;
    ensure!(whose == process.to_string(), "{process} is a thread of process {whose}");
    let folder = format!("/proc/{process}/task");
    let outputs = [1, 2].map(|output| fs::read_link(format!("/proc/{process}/fd/{output}")));
    let printed = outputs.into_iter().flatten().map(|link| link.to_string_lossy().into_owned());
    let channels = Channels::new(printed.collect());
    let mut tracer = Tracer::new(Known { channels, ..Known::default() }, selection, tell);
    tracer.start = Some(Instant::now());
    ATTACHED.store(true, Ordering::Relaxed);
    // A thread may start another one that was not there when the folder was read.
    let mut is_new = true;
    while is_new {
        is_new = false;
        for entry in fs::read_dir(&folder).with_context(|| format!("read {folder}"))? {
            let name = entry.with_context(|| format!("read {folder}"))?.file_name();
            let id = name.to_string_lossy().parse().context("a thread's id")?;
            is_new |= tracer.seize(process, Pid::from_raw(id))?;
        }
    }
    ensure!(!tracer.tasks.is_empty(), "pid {process} has ended: it is a zombie");
    tracer.note_zombies_of(process);
    tracer.run()
}

/// What is followed of each task.
fn followed() -> Options {
    Options::PTRACE_O_TRACESYSGOOD
        | Options::PTRACE_O_TRACEFORK
        | Options::PTRACE_O_TRACEVFORK
        | Options::PTRACE_O_TRACECLONE
        | Options::PTRACE_O_TRACEEXEC
}

/// Reads what the program prints, until nobody has the pipe open any more.
fn drain(mut output: PipeReader) {
    // What is printed is told from the calls, so the bytes are of no use here, and an error
    // to read them has no consequence.
    std::thread::spawn(move || io::copy(&mut output, &mut io::sink()));
}

/// The tasks that have stopped or ended and wait for their turn, and how.
///
/// All that have stopped are taken before the first goes on. The kernel always returns the
/// same tasks first, and if they stop again soon, others would wait for ever.
#[derive(Default)]
struct Stops(VecDeque<(Pid, i32)>);

impl Stops {
    /// The next one, waited for; `None` when no task is left.
    ///
    /// # Errors
    /// EINTR, if a signal came first.
    fn next(&mut self) -> nix::Result<Option<(Pid, i32)>> {
        self.next_with(libc::__WALL)
    }

    /// The next one that is there; `None` when there is none yet.
    fn next_there(&mut self) -> nix::Result<Option<(Pid, i32)>> {
        self.next_with(libc::__WALL | libc::WNOHANG)
    }

    fn next_with(&mut self, mut flags: i32) -> nix::Result<Option<(Pid, i32)>> {
        if self.0.is_empty() {
            while let Some((id, status)) = wait_for_any(flags)? {
                // The id now is another thread's, and the thread that had stopped is gone.
                if status >> 16 == libc::PTRACE_EVENT_EXEC {
                    self.0.retain(|(waiting, _)| *waiting != id);
                }
                self.0.push_back((id, status));
                flags |= libc::WNOHANG;
            }
        }
        Ok(self.0.pop_front())
    }
}

/// Kills a process, unless it has ended.
fn kill(process: Pid) {
    let _ = signal::kill(process, Signal::SIGKILL);
}

/// A task that has stopped or ended, and how; `None` when no task is left, or none is there
/// yet and it is not to wait.
fn wait_for_any(flags: i32) -> nix::Result<Option<(Pid, i32)>> {
    let mut status = 0;
    // SAFETY: the kernel writes an int to where the pointer leads, no more. (nix
    // has waitpid too, but it knows no real-time signals.)
    let id = unsafe { libc::waitpid(-1, &mut status, flags) };
    match Errno::result(id) {
        Ok(0) | Err(Errno::ECHILD) => Ok(None),
        Ok(id) => Ok(Some((Pid::from_raw(id), status))),
        Err(why) => Err(why),
    }
}

/// A process or thread that is traced.
struct Task {
    process: Pid,
    /// The call that it is in, if that is followed to its end.
    begun: Option<Begun>,
    /// Calls that a signal interrupted and that the kernel may make again. There are several
    /// if a signal also interrupts the handler of another.
    interrupted: Vec<Interrupted>,
    /// Whether it has stopped for the first time.
    born: bool,
    /// How it came to be: `fork`, `vfork` or `new thread`.
    kind: &'static str,
    /// Whether a signal has stopped it.
    stopped: bool,
    /// The name that it had last.
    name: String,
    /// How it goes on step by step.
    step: Step,
}

struct Interrupted {
    begun: Begun,
    /// When.
    at: Duration,
    result: i64,
    /// Whether a handler of the program was called. Without one the program cannot know of it.
    handled: bool,
    /// The signal whose handler was called and has not returned.
    in_handler: Option<i32>,
}

impl Interrupted {
    fn new(begun: Begun, at: Duration, result: i64) -> Interrupted {
        Interrupted { begun, at, result, handled: false, in_handler: None }
    }

    /// Whether this is the call once more, made by the kernel.
    fn is_again(&self, begun: &Begun) -> bool {
        self.in_handler.is_none() && begun.is_again(&self.begun)
    }
}

impl Task {
    fn new(process: Pid, kind: &'static str) -> Task {
        Task {
            process,
            begun: None,
            interrupted: Vec::new(),
            born: false,
            kind,
            stopped: false,
            name: String::new(),
            step: Step::default(),
        }
    }
}

/// A task of which the maker's fork has not been reported yet.
struct Early {
    /// Its first stop, and its end if that has come.
    statuses: Vec<i32>,
    /// The tasks that were in a fork when it came. One of them made it.
    makers: Vec<Pid>,
}

/// A process that has ended and that its parent has not waited for.
struct Zombie {
    parent: Pid,
    /// Since when; `None` if it has been one before the recording.
    since: Option<Duration>,
}

struct Tracer<'a> {
    tasks: HashMap<Pid, Task>,
    /// The tasks that are in a fork that has not been reported yet.
    forking: BTreeSet<Pid>,
    early: HashMap<Pid, Early>,
    /// The children that have ended and that their parents have not waited for.
    zombies: BTreeMap<Pid, Zombie>,
    known: Known,
    selection: &'a Selection,
    /// Whether the tasks stop by themselves at the calls that are selected.
    is_filtered: bool,
    /// Whether the recording has ended before the program.
    is_over: bool,
    /// When the program was started; before that nothing is told.
    start: Option<Instant>,
    /// Calls for which later events wait: when each counts, and whose it is.
    open: BTreeSet<(Duration, Pid)>,
    /// Events that wait for an earlier one, which is not over yet, by their times and
    /// the order in which they came.
    held: BTreeMap<(Duration, u64), Event>,
    count: u64,
    /// The time of the last event that was told.
    told: Duration,
    tell: Tell<'a>,
    /// What holds the tasks, if they go on one by one.
    stepping: Option<Stepping>,
}

impl<'a> Tracer<'a> {
    fn new(known: Known, selection: &'a Selection, tell: Tell<'a>) -> Tracer<'a> {
        Tracer {
            tasks: HashMap::new(),
            forking: BTreeSet::new(),
            early: HashMap::new(),
            zombies: BTreeMap::new(),
            known,
            selection,
            is_filtered: false,
            is_over: false,
            start: None,
            open: BTreeSet::new(),
            held: BTreeMap::new(),
            count: 0,
            told: Duration::ZERO,
            tell,
            stepping: None,
        }
    }

    /// Follows the tasks until none is left, or the recording ends.
    fn run(&mut self) -> Result<()> {
        interrupt::can_wake_this_thread()?;
        RUNNING.store(true, Ordering::Relaxed);
        let mut stops = Stops::default();
        let mut was_told = false;
        while !self.is_over {
            if was_interrupted() && !was_told {
                was_told = true;
                self.interrupted();
                continue;
            }
            match stops.next() {
                Ok(Some((id, status))) => {
                    self.take(id, status).with_context(|| format!("trace task {id}"))?;
                }
                Ok(None) => break,
                Err(Errno::EINTR) => {}
                Err(why) => return Err(why).context("waitpid"),
            }
        }
        RUNNING.store(false, Ordering::Relaxed);
        interrupt::can_wake_no_thread();
        self.tell_until(Duration::MAX);
        Ok(())
    }

    /// Ends what is left of a recording, and says so if the program never started.
    fn finish(self, mut starter: UnixStream, program: &Program) -> Result<()> {
        if self.is_over {
            return self.kill_all();
        }
        if self.start.is_none() {
            let mut why = String::new();
            starter.read_to_string(&mut why).context("read the starter's reason")?;
            let why = if why.is_empty() { "its starter was killed" } else { &why };
            bail!("{} could not be started: {why}", program.words[0].display());
        }
        Ok(())
    }

    /// Kills all that is traced, and waits until it is gone.
    fn kill_all(&self) -> Result<()> {
        self.kill_tasks();
        loop {
            match wait_for_any(libc::__WALL) {
                Ok(Some((id, status))) if libc::WIFSTOPPED(status) => kill(id),
                Ok(Some(_)) | Err(Errno::EINTR) => {}
                Ok(None) => return Ok(()),
                Err(why) => return Err(why).context("waitpid"),
            }
        }
    }

    /// Kills all tasks. Their ids are theirs until this thread has waited for them.
    fn kill_tasks(&self) {
        self.tasks.values().for_each(|task| kill(task.process));
    }

    /// Begins to trace a thread of a running process; `false` if it is traced already.
    fn seize(&mut self, process: Pid, id: Pid) -> Result<bool> {
        if self.tasks.contains_key(&id) || self.early.contains_key(&id) {
            return Ok(false);
        }
        match ptrace::seize(id, followed()) {
            Ok(()) => {}
            // It has ended, or a thread that is traced has made it.
            Err(Errno::ESRCH) => return Ok(false),
            Err(_) if tracer_of(id) == Some(getpid().to_string()) => return Ok(false),
            // So has this one: the first thread of a process may end before the others.
            Err(_) if matches!(stepping::look(id), None | Some(('Z' | 'X', _))) => {
                return Ok(false);
            }
            Err(why) => return Err(Refused::of_running(process, why).into()),
        }
        gone_or(ptrace::interrupt(id))?;
        self.known.ids.born(id, None);
        let name = name_of(id).unwrap_or_default();
        self.tasks.insert(id, Task { born: true, name, ..Task::new(process, "new thread") });
        Ok(true)
    }

    /// Takes in a stop or an end, and lets the task go on.
    fn take(&mut self, id: Pid, status: i32) -> Result<()> {
        if self.tasks.contains_key(&id) {
            self.take_known(id, status)?;
        } else {
            let makers = || self.forking.iter().copied().collect();
            let early = Early { statuses: Vec::new(), makers: makers() };
            self.early.entry(id).or_insert(early).statuses.push(status);
        }
        self.adopt_orphans()
    }

    fn take_known(&mut self, id: Pid, status: i32) -> Result<()> {
        if let Some(task) = self.tasks.get_mut(&id) {
            task.step.stopped();
        }
        if libc::WIFEXITED(status) {
            return self.ended(id, End::Exited(libc::WEXITSTATUS(status)));
        }
        if libc::WIFSIGNALED(status) {
            return self.ended(id, End::Killed(libc::WTERMSIG(status)));
        }
        let signal = libc::WSTOPSIG(status);
        match status >> 16 {
            libc::PTRACE_EVENT_SECCOMP => self.enter(id)?,
            event @ (libc::PTRACE_EVENT_FORK
            | libc::PTRACE_EVENT_VFORK
            | libc::PTRACE_EVENT_CLONE) => self.forked(id, event)?,
            libc::PTRACE_EVENT_EXEC => self.replaced(id)?,
            libc::PTRACE_EVENT_STOP => return self.stopped(id, signal),
            0 if signal == libc::SIGTRAP | 0x80 => self.call(id)?,
            0 => {
                self.signalled(id, signal)?;
                return self.resume(id, signal);
            }
            _ => {}
        }
        self.resume(id, 0)
    }

    /// Takes in the tasks that nobody is left to report: the maker was killed in its fork.
    fn adopt_orphans(&mut self) -> Result<()> {
        for early in self.early.values_mut() {
            early.makers.retain(|maker| self.forking.contains(maker));
        }
        let orphans = self.early.iter().filter(|(_, early)| early.makers.is_empty());
        let orphans: Vec<Pid> = orphans.map(|(id, _)| *id).collect();
        for orphan in orphans {
            let process = proc::field(format!("/proc/{orphan}/status"), "Tgid");
            let process = process.ok().and_then(|process| process.parse().ok());
            let process = process.map_or(orphan, Pid::from_raw);
            let kind = if process == orphan { "fork" } else { "new thread" };
            self.adopt(orphan, process, kind, None)?;
        }
        Ok(())
    }

    /// Takes in a new task, and what has happened to it already.
    fn adopt(
        &mut self,
        id: Pid,
        process: Pid,
        kind: &'static str,
        maker: Option<Pid>,
    ) -> Result<()> {
        if kind != "new thread" || self.known.ids.is_inside(process) {
            self.known.ids.born(id, maker);
        }
        let name = maker.and_then(|maker| self.tasks.get(&maker)).map(|maker| maker.name.clone());
        let mut task = Task::new(process, kind);
        // A new task has its maker's name.
        task.name = name.unwrap_or_else(|| name_of(id).unwrap_or_default());
        self.tasks.insert(id, task);
        if was_interrupted() && !runs_on() {
            // It was made when the others were already killed.
            kill(process);
        }
        let statuses = self.early.remove(&id).map_or_else(Vec::new, |early| early.statuses);
        statuses.into_iter().try_for_each(|status| self.take_known(id, status))
    }

    /// Lets a task run, unless it is held: to the end of the call that it is in, or to the
    /// next selected one.
    fn resume(&self, id: Pid, signal: i32) -> Result<()> {
        if self.tasks.get(&id).is_some_and(|task| task.step.is_held()) {
            return Ok(());
        }
        let in_call = self.tasks.get(&id).is_some_and(|task| task.begun.is_some());
        let stops_by_itself = self.is_filtered && !in_call;
        let request = if stops_by_itself { libc::PTRACE_CONT } else { libc::PTRACE_SYSCALL };
        request_of(id, request, signal)
    }

    /// The begin or the end of a system call. An exec's end comes after it has
    /// been told.
    fn call(&mut self, id: Pid) -> Result<()> {
        match gone_or(ptrace::syscall_info(id))?.map(|info| info.op) {
            Some(libc::PTRACE_SYSCALL_INFO_ENTRY) => self.enter(id),
            _ => self.leave(id),
        }
    }

    /// A task has stopped at the begin of a call.
    fn enter(&mut self, id: Pid) -> Result<()> {
        if self.stepping.is_some() && self.hold_before(id)? {
            return Ok(());
        }
        self.begin(id)
    }

    /// The call that a stopped task is about to make, and the set that it is of.
    fn entry(&mut self, id: Pid) -> Result<Option<(Begun, u32)>> {
        let Some(info) = gone_or(ptrace::syscall_info(id))? else { return Ok(None) };
        // SAFETY: at both kinds of stop at which this is called, the kernel
        // fills in number and arguments, in the same places of the union.
        let entry = unsafe { info.u.entry };
        let entry = Entry {
            set: info.arch,
            number: entry.nr,
            arguments: entry.args,
            place: (info.instruction_pointer, info.stack_pointer),
        };
        Ok(Some((Begun::note(id, &entry, self.now(), &mut self.known), entry.set)))
    }

    /// A task begins a call.
    fn begin(&mut self, id: Pid) -> Result<()> {
        let Some((mut begun, set)) = self.entry(id)? else { return Ok(()) };
        if self.stepping.is_some() {
            self.note_doing(id, &begun);
        }
        if begun.group == Group::Exit {
            self.exits(id, begun);
            return Ok(());
        }
        if begun.group == Group::Fork {
            gone_or(begun.keep_traced(id, set))?;
        }
        self.left_handlers(id, &begun);
        let Some(task) = self.tasks.get_mut(&id) else { return Ok(()) };
        if let Some(interrupted) = task.interrupted.pop_if(|last| last.is_again(&begun)) {
            self.open.remove(&(interrupted.at, id));
            // The kernel makes it again, and the program does not notice. It has waited
            // since it began; what does not wait takes effect now.
            if interrupted.begun.waits() {
                begun = interrupted.begun;
            }
        }
        if begun.group == Group::Fork {
            self.forking.insert(id);
        }
        if !begun.waits() {
            self.open.insert((begun.at, id));
        }
        task.begun = Some(begun);
        Ok(())
    }

    /// A task calls exit, which does not return.
    fn exits(&mut self, id: Pid, begun: Begun) {
        if self.start.is_none() {
            return;
        }
        self.interrupted_for_good(id);
        self.rename(id);
        let event = self.event(id, Group::Exit, begun.exit());
        let (call, arguments) = (Some(begun.name), begun.arguments.to_vec());
        self.tell(Event { call, arguments, ..event });
    }

    /// Takes the call that a task is in, which is over or never will be.
    fn take_begun(&mut self, id: Pid) -> Option<Begun> {
        let begun = self.tasks.get_mut(&id)?.begun.take()?;
        self.forking.remove(&id);
        self.open.remove(&(begun.at, id));
        Some(begun)
    }

    fn leave(&mut self, id: Pid) -> Result<()> {
        let Some(info) = gone_or(ptrace::syscall_info(id))? else { return Ok(()) };
        let Some(begun) = self.take_begun(id) else { return Ok(()) };
        // SAFETY: at the end of a call the kernel fills in what it returned.
        let result = unsafe { info.u.exit.sval };
        if words::is_interrupted(result) {
            let at = self.now();
            if let Some(task) = self.tasks.get_mut(&id) {
                task.step.left();
                task.interrupted.push(Interrupted::new(begun, at, result));
                self.open.insert((at, id));
            }
            return Ok(());
        }
        if self.stepping.is_some() && self.hold_at_time_limit(id, &begun, result) {
            return Ok(());
        }
        if begun.names_task() {
            self.rename(id);
        }
        if begun.name == "rt_sigreturn" {
            let place = (info.instruction_pointer, info.stack_pointer);
            self.handled(id, place);
        }
        if begun.group == Group::Wait {
            let process = self.process(id);
            self.zombies.retain(|id, zombie| zombie.parent != process || zombie.is_left(*id));
        }
        self.returned(id, begun, result, None);
        Ok(())
    }

    /// A signal's handler has returned to this place in the program. If the place follows the
    /// interrupted call, the program sees the call fail; if not, the kernel makes it again.
    fn handled(&mut self, id: Pid, place: (u64, u64)) {
        let Some(task) = self.tasks.get_mut(&id) else { return };
        if let Some(last) = task.interrupted.pop_if(|last| last.begun.is_over(place)) {
            self.open.remove(&(last.at, id));
            self.returned(id, last.begun, last.result, Some(last.at));
        } else if let Some(last) = task.interrupted.last_mut()
            && last.begun.has_stack(place)
        {
            last.in_handler = None;
        }
    }

    /// Tells the interrupted calls whose handlers a task has left without a return (siglongjmp),
    /// as it begins another call.
    fn left_handlers(&mut self, id: Pid, begun: &Begun) {
        let has_left = |last: &mut Interrupted| {
            // A handler runs below the call on the stack, or on another stack. While it runs, its
            // signal is blocked.
            last.in_handler.is_some_and(|signal| {
                begun.is_not_below(&last.begun) && !is_in_set(id, "SigBlk", signal)
            })
        };
        while let Some(task) = self.tasks.get_mut(&id)
            && let Some(last) = task.interrupted.pop_if(has_left)
        {
            self.open.remove(&(last.at, id));
            self.returned(id, last.begun, last.result, Some(last.at));
        }
    }

    /// Tells the interrupted calls of a task that will not come back to them.
    fn interrupted_for_good(&mut self, id: Pid) {
        let Some(task) = self.tasks.get_mut(&id) else { return };
        for last in std::mem::take(&mut task.interrupted) {
            self.open.remove(&(last.at, id));
            self.returned(id, last.begun, last.result, Some(last.at));
        }
    }

    /// Tells what came of a call, and when, if that is not now.
    fn returned(&mut self, id: Pid, begun: Begun, result: i64, at: Option<Duration>) {
        let told = begun.told(id, result, &mut self.known);
        let (group, text, waited) = match told {
            Some(told) => (told.group, told.text, told.waited),
            None if *self.selection == Selection::All => {
                (Group::Other, calls::plain(&begun.name, result), false)
            }
            None => return,
        };
        let mut event = self.event(id, group, text);
        event.at = if begun.waits() { at.unwrap_or(event.at) } else { begun.at };
        if waited {
            let took = event.at.saturating_sub(begun.at);
            event.text += &format!(", after {}", common::text::time(took));
            event.took = Some(took);
        }
        let result = if begun.name == "wait4" && result > 0 {
            self.known.ids.outside(id, result as i32).into()
        } else {
            result
        };
        let (call, arguments) = (Some(begun.name), begun.arguments.to_vec());
        let result = (result != NEVER).then_some(result);
        self.tell(Event { call, arguments, result, ..event });
    }

    /// A task has made another one.
    fn forked(&mut self, id: Pid, event: i32) -> Result<()> {
        let Some(child) = gone_or(ptrace::getevent(id))? else { return Ok(()) };
        let child = Pid::from_raw(i32::try_from(child).context("the child's id")?);
        if let Some(task) = self.tasks.get_mut(&id) {
            task.step.forked(event == libc::PTRACE_EVENT_VFORK);
        }
        let begun = self.take_begun(id);
        let asked = begun.as_ref().and_then(Begun::asked);
        let kind = asked.unwrap_or_else(|| match event {
            libc::PTRACE_EVENT_VFORK => "vfork",
            libc::PTRACE_EVENT_CLONE
                if fs::metadata(format!("/proc/{}/task/{child}", self.process(id))).is_ok() =>
            {
                "new thread"
            }
            _ => "fork",
        });
        self.made(id, begun, child, kind)
    }

    /// Tells at once that a task was made. Its maker may return from the call much later:
    /// after a vfork, when the child has become another program.
    fn made(
        &mut self,
        id: Pid,
        begun: Option<Begun>,
        child: Pid,
        kind: &'static str,
    ) -> Result<()> {
        if let Some(mut begun) = begun {
            begun.made = Some(kind);
            let number = child.as_raw();
            let event = self.event(id, Group::Fork, begun.fork(number.into()));
            self.tell(Event {
                at: begun.at,
                call: Some(begun.name),
                arguments: begun.arguments.to_vec(),
                result: Some(number.into()),
                child: Some(number),
                ..event
            });
        }
        let process = if kind == "new thread" { self.process(id) } else { child };
        self.adopt(child, process, kind, Some(id))
    }

    /// A task has become another program.
    fn replaced(&mut self, id: Pid) -> Result<()> {
        let former =
            gone_or(ptrace::getevent(id))?.map_or(id, |former| Pid::from_raw(former as i32));
        let begun = self.take_begun(former);
        self.interrupted_for_good(former);
        let process = self.process(former);
        let others =
            self.tasks.iter().filter(|(other, task)| task.process == process && **other != id);
        let others: Vec<Pid> = others.map(|(other, _)| *other).collect();
        // The first thread's id goes on, but its calls do not.
        self.never_return(id, None);
        for other in others {
            self.never_return(other, None);
            let text = if other == former {
                format!("goes on as pid {process}: it became a new program")
            } else {
                "gone: another thread became a new program".to_owned()
            };
            let event = Event { end: Some(End::Replaced), ..self.event(other, Group::Exit, text) };
            self.tasks.remove(&other);
            self.known.ids.ended(other);
            self.tell(event);
        }
        self.tasks.insert(id, Task { born: true, ..Task::new(process, "fork") });
        self.rename(id);
        // Without a call before it, it is the starter's own exec that ends only now.
        let Some(begun) = begun else { return Ok(()) };
        let mut closed = begun.closes().join(" and ");
        if self.start.is_none() {
            self.start = Some(Instant::now());
            // Up to here it was the starter that opened and closed.
            closed.clear();
            self.known.channels.forget();
        }
        let event = self.event(id, Group::Exec, begun.program(false));
        let (call, arguments) = (Some(begun.name), begun.arguments.to_vec());
        self.tell(Event { call, arguments, result: Some(0), ..event });
        if !closed.is_empty() {
            let text = format!("close {closed}, at the exec");
            let event = self.event(id, Group::Channel, text);
            self.tell(event);
        }
        Ok(())
    }

    /// The first stop of a new task, one by a signal, or the end of that.
    fn stopped(&mut self, id: Pid, signal: i32) -> Result<()> {
        let Some(task) = self.tasks.get_mut(&id) else { return Ok(()) };
        if !task.born {
            task.born = true;
            let kind = task.kind;
            if let Some((returned, text)) = gone_or(calls::born(id, kind))? {
                let event = Event { result: Some(returned), ..self.event(id, Group::Fork, text) };
                self.tell(event);
            }
        }
        let Some(task) = self.tasks.get_mut(&id) else { return Ok(()) };
        // A new task may be born into a process that a signal has stopped.
        if signal != libc::SIGTRAP {
            task.stopped = true;
            let text = format!("stopped by {}", words::signal_name(signal));
            let event = self.event(id, Group::Signal, text);
            self.tell(event);
            // It stays stopped, and we still learn what happens to it.
            return request_of(id, libc::PTRACE_LISTEN, 0);
        }
        if std::mem::take(&mut task.stopped) {
            let event = self.event(id, Group::Signal, "goes on".to_owned());
            self.tell(event);
        }
        self.resume(id, 0)
    }

    /// A signal is about to be delivered.
    fn signalled(&mut self, id: Pid, signal: i32) -> Result<()> {
        let Some(info) = gone_or(ptrace::getsiginfo(id))? else { return Ok(()) };
        let from = match info.si_code {
            // SAFETY: these signals were sent by a process, whose id is there.
            libc::SI_USER | libc::SI_TKILL | libc::SI_QUEUE => unsafe { info.si_pid() },
            // SAFETY: so was this one, by the kernel for a child.
            _ if signal == libc::SIGCHLD => unsafe { info.si_pid() },
            _ => 0,
        };
        let from = self.known.ids.outside(id, from);
        let from = if from > 0 { format!(", from pid {from}") } else { String::new() };
        if let Some(last) = self.tasks.get_mut(&id).and_then(|task| task.interrupted.last_mut())
            && has_handler(id, signal)
        {
            last.handled = true;
            last.in_handler.get_or_insert(signal);
        }
        let text = format!("gets {}{from}", words::signal_name(signal));
        let event = self.event(id, Group::Signal, text);
        self.tell(event);
        Ok(())
    }

    fn ended(&mut self, id: Pid, end: End) -> Result<()> {
        // A child that has stopped already, and that nobody else can have made.
        let own = self.early.iter().find(|(_, early)| early.makers == [id]);
        if let Some(child) = own.map(|(child, _)| *child)
            && let Some(begun) = self.take_begun(id)
        {
            let kind = begun.asked().unwrap_or("fork");
            self.made(id, Some(begun), child, kind)?;
        }
        let signal = match end {
            End::Killed(signal) => Some(signal),
            _ => None,
        };
        self.never_return(id, signal);
        self.tell_zombies(id);
        self.note_zombie(id);
        let text = match end {
            End::Killed(signal) => format!("killed by {}", words::signal_name(signal)),
            _ => "ended".to_owned(),
        };
        let event = Event { end: Some(end), ..self.event(id, Group::Exit, text) };
        self.tasks.remove(&id);
        self.known.ids.ended(id);
        self.tell(event);
        Ok(())
    }

    /// Notes a process that has ended, if its parent is traced and has not waited for it. (It
    /// need not: the kernel removes the children of a process that ignores SIGCHLD. And it
    /// cannot if it is about to end itself.)
    fn note_zombie(&mut self, id: Pid) {
        // What Ctrl-C kills could not be waited for.
        if self.process(id) != id || was_interrupted() {
            return;
        }
        if let Some(parent) = parent_of_zombie(id)
            && self.tasks.contains_key(&parent)
            && !is_ending(parent)
        {
            self.zombies.insert(id, Zombie { parent, since: Some(self.now()) });
        }
    }

    /// Tells of the children that a process has never waited for, when it ends.
    fn tell_zombies(&mut self, parent: Pid) {
        let (ours, others) = std::mem::take(&mut self.zombies)
            .into_iter()
            .partition::<BTreeMap<_, _>, _>(|(_, zombie)| zombie.parent == parent);
        self.zombies = others;
        for (child, zombie) in ours {
            self.tell_zombie(child, &zombie, "never waited");
        }
    }

    fn tell_zombie(&mut self, child: Pid, zombie: &Zombie, waited: &str) {
        let since = zombie.since.map(|since| self.now().saturating_sub(since));
        let time = since.map_or(String::new(), |time| format!(" for {}", common::text::time(time)));
        let text = format!("{waited} for pid {child}, a zombie{time}");
        let event = self.event(zombie.parent, Group::Wait, text);
        self.tell(Event { zombie: Some(child.as_raw()), ..event });
    }

    /// Tells the calls that a task is in when it ends, and that never return. They count as
    /// interrupted if the program noticed it, or ended by it. But a task that is traced wakes also
    /// for a signal that nobody wants, such as SIGCHLD, and makes the call again; and it may end
    /// in between.
    fn never_return(&mut self, id: Pid, signal: Option<i32>) {
        let goes_unnoticed = signal.is_none_or(|signal| signal == libc::SIGKILL);
        let task = self.tasks.get_mut(&id).filter(|_| goes_unnoticed);
        if let Some(last) = task.and_then(|task| task.interrupted.pop_if(|last| !last.handled)) {
            self.open.remove(&(last.at, id));
            self.returned(id, last.begun, NEVER, None);
        }
        self.interrupted_for_good(id);
        if let Some(begun) = self.take_begun(id) {
            self.returned(id, begun, NEVER, None);
        }
    }

    fn process(&self, id: Pid) -> Pid {
        self.tasks.get(&id).map_or(id, |task| task.process)
    }

    fn now(&self) -> Duration {
        self.start.map_or(Duration::ZERO, |start| start.elapsed())
    }

    /// Reads the name of a task, which it may have changed.
    fn rename(&mut self, id: Pid) {
        if let Some(task) = self.tasks.get_mut(&id)
            && let Some(name) = name_of(id)
        {
            task.name = name;
        }
    }

    fn event(&self, id: Pid, group: Group, text: String) -> Event {
        let name = self.tasks.get(&id).map_or_else(String::new, |task| task.name.clone());
        Event {
            at: self.now(),
            took: None,
            id: id.as_raw(),
            process: self.process(id).as_raw(),
            name,
            group,
            call: None,
            arguments: Vec::new(),
            result: None,
            child: None,
            zombie: None,
            end: None,
            text,
        }
    }

    /// Tells an event when no earlier one can come any more. A call takes effect
    /// between its begin and its end: one that waits counts from its end, any
    /// other from its begin. So a write comes before the read that it lets go on.
    fn tell(&mut self, event: Event) {
        // What an end is needed for is told in any case: whoever draws lanes.
        if self.selection.has(event.group) || event.end.is_some() {
            self.tell_in_any_case(event);
        } else {
            self.tell_those_before();
        }
    }

    fn tell_in_any_case(&mut self, mut event: Event) {
        if self.start.is_some() {
            // It may be late, as a write that waited for somebody who reads. Then it
            // counts from a later moment of the call, as events are told in order.
            event.at = event.at.max(self.told);
            self.held.insert((event.at, self.count), event);
            self.count += 1;
        }
        self.tell_those_before();
    }

    fn tell_those_before(&mut self) {
        let first = self.open.first().map_or(Duration::MAX, |(at, _)| *at);
        self.tell_until(first.max(self.now().saturating_sub(PATIENCE)));
    }

    fn tell_until(&mut self, time: Duration) {
        while !self.is_over
            && let Some(first) = self.held.first_entry()
            && first.key().0 < time
        {
            let event = first.remove();
            self.told = event.at;
            self.is_over = (self.tell)(event).is_break();
        }
    }
}

/// How long an event is held back for an earlier one.
const PATIENCE: Duration = Duration::from_millis(100);

impl Zombie {
    /// Whether it is still there, under this id.
    fn is_left(&self, id: Pid) -> bool {
        parent_of_zombie(id) == Some(self.parent)
    }
}

/// The parent of a process that has ended and is still in the table of processes.
fn parent_of_zombie(id: Pid) -> Option<Pid> {
    let status = format!("/proc/{id}/status");
    let is_zombie = proc::field(&status, "State").ok()?.starts_with('Z');
    let parent = proc::field(&status, "PPid").ok()?.parse().ok()?;
    is_zombie.then(|| Pid::from_raw(parent))
}

/// Whether the program has a handler for a signal. Also if that cannot be read.
fn has_handler(id: Pid, signal: i32) -> bool {
    is_in_set(id, "SigCgt", signal)
}

/// Whether a signal is in a set that /proc/ID/status shows. Also if that cannot be read.
fn is_in_set(id: Pid, name: &str, signal: i32) -> bool {
    let set = proc::signals(format!("/proc/{id}/status"), name).ok();
    set.is_none_or(|set| set >> (signal - 1) & 1 == 1)
}

/// Whether the kernel is about to end a process: its flag PF_EXITING, in the ninth field of
/// /proc/ID/stat. The second one is a name in parentheses.
fn is_ending(id: Pid) -> bool {
    const PF_EXITING: u32 = 4;
    let stat = proc::text(format!("/proc/{id}/stat")).unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let flags = after_name.split_whitespace().nth(6).and_then(|flags| flags.parse::<u32>().ok());
    flags.is_none_or(|flags| flags & PF_EXITING != 0)
}

/// The process that traces a task, if one does.
fn tracer_of(id: Pid) -> Option<String> {
    let tracer = proc::field(format!("/proc/{id}/status"), "TracerPid").ok()?;
    (tracer != "0").then_some(tracer)
}

/// The name of a task; `None` if it is gone.
fn name_of(id: Pid) -> Option<String> {
    let line = proc::text(format!("/proc/{id}/comm")).ok()?;
    Some(words::printable(line.strip_suffix('\n').unwrap_or(&line)))
}

/// A task may be killed at any time, and be gone when it is asked for.
fn gone_or<T>(result: nix::Result<T>) -> Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(Errno::ESRCH) => Ok(None),
        Err(why) => Err(why).context("ptrace"),
    }
}

/// Lets a stopped task go on in some way, unless it is gone.
fn request_of(id: Pid, request: libc::c_uint, signal: i32) -> Result<()> {
    let signal = signal as usize as *mut libc::c_void;
    // SAFETY: these requests take a number in place of the pointer, and touch no
    // memory of this process. (nix has not all of them, and no real-time signals.)
    let done =
        unsafe { libc::ptrace(request, id.as_raw(), std::ptr::null_mut::<libc::c_void>(), signal) };
    gone_or(Errno::result(done)).map(drop)
}
