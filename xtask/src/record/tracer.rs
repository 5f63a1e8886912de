//! The tracer: lets tasks run, and is told by the kernel when one of them stops.
//!
//! ptrace(2) describes what comes when. Two things to know: a new task may stop
//! for the first time before or after its parent's fork is reported, so it is
//! left stopped until both have come; and when a thread that is not the first
//! calls exec, it takes over the first one's id, and all others are gone.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs;
use std::io::Read;
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use common::proc;
use nix::errno::Errno;
use nix::libc;
use nix::sys::ptrace::{self, Options};
use nix::unistd::Pid;
use syscalls::Sysno;

use super::calls::{self, Begun};
use super::channels::Channels;
use super::event::{End, Event};
use super::{Group, Selection, starter};
use crate::supervise::OWN_PROGRAM;

/// The system does not let this process trace another.
#[derive(Debug)]
pub struct Refused {
    why: Errno,
    /// The process that traces the program already.
    tracer: Option<String>,
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let why = self.why.desc();
        match &self.tracer {
            Some(tracer) => write!(
                f,
                "pid {tracer} already traces whatever is started here, and a program has only one \
                 tracer (ptrace: {why})"
            ),
            None => write!(f, "this system does not let a program be traced (ptrace: {why})"),
        }
    }
}

impl std::error::Error for Refused {}

/// Whether a program is traced at the moment.
pub fn is_running() -> bool {
    RUNNING.load(Ordering::Relaxed)
}

static RUNNING: AtomicBool = AtomicBool::new(false);

/// Runs a program to the end of its last descendant and tells every selected
/// event as it comes. The caller must be xtask: it starts itself again, in
/// `folder`, and becomes the program. The program's output goes nowhere, but into
/// the events.
///
/// Everything is done by one thread: the kernel knows a tracer by its thread.
///
/// # Errors
/// [`Refused`]; or if the program cannot be started, or a call to ptrace fails.
pub fn record(
    folder: &Path,
    program: &[OsString],
    selection: &Selection,
    tell: &mut dyn FnMut(Event),
) -> Result<()> {
    record_under(Path::new(OWN_PROGRAM), folder, program, selection, tell)
}

/// The same, for a caller that is not xtask: `xtask` is its path.
///
/// # Errors
/// As of [`record`].
pub fn record_under(
    xtask: &Path,
    folder: &Path,
    program: &[OsString],
    selection: &Selection,
    tell: &mut dyn FnMut(Event),
) -> Result<()> {
    let calls = selection.calls();
    let (mut ours, theirs) = UnixStream::pair().context("socketpair")?;
    let mut starter = Command::new(xtask)
        .arg0("xtask")
        .args(starter::arguments(calls.as_deref(), program))
        .current_dir(folder)
        .stdin(OwnedFd::from(theirs))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .with_context(|| format!("start {}", xtask.display()))?;
    let root = Pid::from_raw(starter.id().try_into().context("the starter's id")?);
    let options = Options::PTRACE_O_EXITKILL
        | Options::PTRACE_O_TRACESYSGOOD
        | Options::PTRACE_O_TRACESECCOMP
        | Options::PTRACE_O_TRACEFORK
        | Options::PTRACE_O_TRACEVFORK
        | Options::PTRACE_O_TRACECLONE
        | Options::PTRACE_O_TRACEEXEC;
    if let Err(why) = ptrace::seize(root, options) {
        let tracer = proc::field(format!("/proc/{root}/status"), "TracerPid")
            .ok()
            .filter(|tracer| tracer != "0");
        starter.kill().context("kill the starter")?;
        starter.wait().context("wait for the starter")?;
        return Err(Refused { why, tracer }.into());
    }
    // It runs on at a seize. To be stopped at its calls it has to stop once.
    gone_or(ptrace::interrupt(root))?;
    // The end of its input tells the starter that it is traced.
    ours.shutdown(Shutdown::Write).context("shut the starter's input down")?;

    let task = Task::new(root, "fork", true);
    let mut tracer = Tracer {
        tasks: HashMap::from([(root, task)]),
        early: HashMap::new(),
        channels: Channels::default(),
        selection,
        start: None,
        held: Vec::new(),
        tell,
    };
    RUNNING.store(true, Ordering::Relaxed);
    while let Some((id, status)) = next_stop()? {
        tracer.take(id, status).with_context(|| format!("trace task {id}"))?;
    }
    RUNNING.store(false, Ordering::Relaxed);
    tracer.tell_until(Duration::MAX);
    if tracer.start.is_none() {
        let mut why = String::new();
        ours.read_to_string(&mut why).context("read the starter's reason")?;
        let why = if why.is_empty() { "its starter was killed" } else { &why };
        bail!("{} could not be started: {why}", program[0].display());
    }
    Ok(())
}

/// The next task that stopped or ended, and how; `None` when there is none left.
fn next_stop() -> Result<Option<(Pid, i32)>> {
    let mut status = 0;
    // SAFETY: the kernel writes an int to where the pointer leads, no more. (nix
    // has waitpid too, but it knows no real-time signals.)
    let id = unsafe { libc::waitpid(-1, &mut status, libc::__WALL) };
    match Errno::result(id) {
        Ok(id) => Ok(Some((Pid::from_raw(id), status))),
        Err(Errno::ECHILD) => Ok(None),
        Err(Errno::EINTR) => next_stop(),
        Err(why) => Err(why).context("waitpid"),
    }
}

/// A process or thread that is traced.
struct Task {
    process: Pid,
    /// The call that it is in, if that is followed to its end.
    begun: Option<Begun>,
    /// A call that a signal interrupted, and that the kernel may make again.
    interrupted: Option<Begun>,
    /// Whether it has stopped for the first time.
    born: bool,
    /// How it came to be: `fork`, `vfork` or `new thread`.
    kind: &'static str,
    /// Whether a signal has stopped it.
    stopped: bool,
    /// The name that it had last.
    name: String,
}

impl Task {
    fn new(process: Pid, kind: &'static str, born: bool) -> Task {
        let (begun, interrupted, stopped, name) = (None, None, false, String::new());
        Task { process, begun, interrupted, born, kind, stopped, name }
    }
}

struct Tracer<'a> {
    tasks: HashMap<Pid, Task>,
    /// First stops of tasks whose parent's fork has not been reported yet.
    early: HashMap<Pid, i32>,
    channels: Channels,
    selection: &'a Selection,
    /// When the program was started; before that nothing is told.
    start: Option<Instant>,
    /// Events that wait for an earlier one, which is not over yet.
    held: Vec<Event>,
    tell: &'a mut dyn FnMut(Event),
}

impl Tracer<'_> {
    /// Takes in a stop or an end, and lets the task go on.
    fn take(&mut self, id: Pid, status: i32) -> Result<()> {
        if libc::WIFEXITED(status) {
            return self.ended(id, End::Exited(libc::WEXITSTATUS(status)));
        }
        if libc::WIFSIGNALED(status) {
            return self.ended(id, End::Killed(libc::WTERMSIG(status)));
        }
        if !self.tasks.contains_key(&id) {
            self.early.insert(id, status);
            return Ok(());
        }
        let signal = libc::WSTOPSIG(status);
        match status >> 16 {
            libc::PTRACE_EVENT_SECCOMP => self.enter(id)?,
            libc::PTRACE_EVENT_FORK | libc::PTRACE_EVENT_VFORK | libc::PTRACE_EVENT_CLONE => {
                self.forked(id, status >> 16)?;
            }
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

    /// Lets a task run: to the end of the call that it is in, or to the next
    /// selected one.
    fn resume(&self, id: Pid, signal: i32) -> Result<()> {
        let in_call = self.tasks.get(&id).is_some_and(|task| task.begun.is_some());
        let request = match self.selection {
            Selection::All => libc::PTRACE_SYSCALL,
            Selection::Groups(_) if in_call => libc::PTRACE_SYSCALL,
            Selection::Groups(_) => libc::PTRACE_CONT,
        };
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

    fn enter(&mut self, id: Pid) -> Result<()> {
        let Some(info) = gone_or(ptrace::syscall_info(id))? else { return Ok(()) };
        // SAFETY: at both kinds of stop at which this is called, the kernel
        // fills in number and arguments, in the same places of the union.
        let entry = unsafe { info.u.entry };
        let name = Sysno::new(entry.nr as usize)
            .map_or_else(|| format!("call {}", entry.nr), |it| it.name().to_owned());
        let at = self.now();
        let begun = Begun::note(id, &name, entry.args, at, &mut self.channels);
        if matches!(name.as_str(), "exit" | "exit_group") && self.start.is_some() {
            let whole = if name == "exit" { "this thread" } else { "the process" };
            let text = format!("exit {whole}, status {}", entry.args[0] as i32);
            let event = Event {
                call: Some(name),
                arguments: entry.args.to_vec(),
                ..self.event(id, Group::Exit, text)
            };
            self.tell(event);
            return Ok(());
        }
        let Some(task) = self.tasks.get_mut(&id) else { return Ok(()) };
        match task.interrupted.take() {
            // The kernel makes it again, and the program does not notice.
            Some(interrupted) if begun.is_again(&interrupted) => task.begun = Some(interrupted),
            interrupted => {
                task.begun = Some(begun);
                if let Some(interrupted) = interrupted {
                    self.returned(id, interrupted, calls::INTERRUPTED);
                }
            }
        }
        Ok(())
    }

    fn leave(&mut self, id: Pid) -> Result<()> {
        let Some(info) = gone_or(ptrace::syscall_info(id))? else { return Ok(()) };
        let Some(begun) = self.tasks.get_mut(&id).and_then(|task| task.begun.take()) else {
            return Ok(());
        };
        // SAFETY: at the end of a call the kernel fills in what it returned.
        let result = unsafe { info.u.exit.sval };
        if calls::is_interrupted(result) {
            if let Some(task) = self.tasks.get_mut(&id) {
                task.interrupted = Some(begun);
            }
            return Ok(());
        }
        self.returned(id, begun, result);
        Ok(())
    }

    /// Tells what came of a call.
    fn returned(&mut self, id: Pid, begun: Begun, result: i64) {
        let told = begun.told(id, result, &mut self.channels);
        let (group, text, waited) = match told {
            Some(told) => (told.group, told.text, told.waited),
            None if *self.selection == Selection::All => {
                (Group::Other, calls::plain(&begun.name, result), false)
            }
            None => return,
        };
        let mut event = self.event(id, group, text);
        if !begun.waits() {
            event.at = begun.at;
        }
        if waited {
            let took = event.at.saturating_sub(begun.at);
            event.text += &format!(", after {}", common::text::time(took));
            event.took = Some(took);
        }
        if group == Group::Fork && result > 0 {
            event.child = i32::try_from(result).ok();
        }
        let (call, arguments) = (Some(begun.name), begun.arguments.to_vec());
        let result = (result != calls::NEVER).then_some(result);
        self.tell(Event { call, arguments, result, ..event });
    }

    /// A task has made another one.
    fn forked(&mut self, id: Pid, event: i32) -> Result<()> {
        let Some(child) = gone_or(ptrace::getevent(id))? else { return Ok(()) };
        let child = Pid::from_raw(i32::try_from(child).context("the child's id")?);
        let is_thread = event == libc::PTRACE_EVENT_CLONE
            && fs::metadata(format!("/proc/{}/task/{child}", self.process(id))).is_ok();
        let process = if is_thread { self.process(id) } else { child };
        let kind = match event {
            _ if is_thread => "new thread",
            libc::PTRACE_EVENT_VFORK => "vfork",
            _ => "fork",
        };
        if let Some(begun) = self.tasks.get_mut(&id).and_then(|task| task.begun.as_mut()) {
            begun.made = Some(kind);
        }
        self.tasks.insert(child, Task::new(process, kind, false));
        match self.early.remove(&child) {
            Some(status) => self.take(child, status),
            None => Ok(()),
        }
    }

    /// A task has become another program.
    fn replaced(&mut self, id: Pid) -> Result<()> {
        let former =
            gone_or(ptrace::getevent(id))?.map_or(id, |former| Pid::from_raw(former as i32));
        let begun = self.tasks.get_mut(&former).and_then(|task| task.begun.take());
        let process = self.process(former);
        let others =
            self.tasks.iter().filter(|(other, task)| task.process == process && **other != id);
        let others: Vec<Pid> = others.map(|(other, _)| *other).collect();
        for other in others {
            let text = match other == former {
                true => format!("goes on as pid {process}: it became a new program"),
                false => "gone: another thread became a new program".to_owned(),
            };
            let event = Event { end: Some(End::Replaced), ..self.event(other, Group::Exit, text) };
            self.tasks.remove(&other);
            self.tell(event);
        }
        self.tasks.insert(id, Task::new(process, "fork", true));
        // Without a call before it, it is the starter's own exec that ends only now.
        let Some(begun) = begun else { return Ok(()) };
        self.start.get_or_insert_with(Instant::now);
        let text = begun.program();
        let (call, arguments) = (Some(begun.name), begun.arguments.to_vec());
        let event = self.event(id, Group::Exec, text);
        self.tell(Event { call, arguments, result: Some(0), ..event });
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
            return self.resume(id, 0);
        }
        if signal != libc::SIGTRAP {
            task.stopped = true;
            let text = format!("stopped by {}", calls::signal_name(signal));
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
        let from = if from > 0 { format!(", from pid {from}") } else { String::new() };
        let text = format!("gets {}{from}", calls::signal_name(signal));
        let event = self.event(id, Group::Signal, text);
        self.tell(event);
        Ok(())
    }

    fn ended(&mut self, id: Pid, end: End) -> Result<()> {
        let task = self.tasks.get_mut(&id);
        let last = task.and_then(|task| task.begun.take().or(task.interrupted.take()));
        // It waited for something, and was killed.
        if let (Some(last), End::Killed(_)) = (last, end)
            && last.waits()
        {
            self.returned(id, last, calls::NEVER);
        }
        let text = match end {
            End::Killed(signal) => format!("killed by {}", calls::signal_name(signal)),
            _ => "ended".to_owned(),
        };
        let event = Event { end: Some(end), ..self.event(id, Group::Exit, text) };
        self.early.remove(&id);
        if self.tasks.remove(&id).is_some() {
            self.tell(event);
        }
        Ok(())
    }

    fn process(&self, id: Pid) -> Pid {
        self.tasks.get(&id).map_or(id, |task| task.process)
    }

    fn now(&self) -> Duration {
        self.start.map_or(Duration::ZERO, |start| start.elapsed())
    }

    fn event(&mut self, id: Pid, group: Group, text: String) -> Event {
        // A task that has ended has no name any more.
        let name = fs::read_to_string(format!("/proc/{id}/comm")).unwrap_or_default();
        let task = self.tasks.get_mut(&id);
        let name = match task {
            Some(task) if name.is_empty() => task.name.clone(),
            Some(task) => {
                name.trim_end().clone_into(&mut task.name);
                task.name.clone()
            }
            None => name.trim_end().to_owned(),
        };
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
            end: None,
            text,
        }
    }

    /// Tells an event when no earlier one can come any more. A call takes effect
    /// between its begin and its end: one that waits counts from its end, any
    /// other from its begin. So a write comes before the read that it lets go on.
    fn tell(&mut self, event: Event) {
        // What an end is needed for is told in any case: whoever draws lanes.
        if self.start.is_some() && (self.selection.has(event.group) || event.end.is_some()) {
            self.held.push(event);
        }
        let calls = self.tasks.values().filter_map(|task| task.begun.as_ref());
        let first = calls.filter(|begun| !begun.waits()).map(|begun| begun.at).min();
        // A write may wait too, for somebody who reads: then it comes too late.
        self.tell_until(first.unwrap_or(Duration::MAX).max(self.now().saturating_sub(PATIENCE)));
    }

    fn tell_until(&mut self, time: Duration) {
        self.held.sort_by_key(|event| event.at);
        let ready = self.held.partition_point(|event| event.at < time);
        self.held.drain(..ready).for_each(&mut self.tell);
    }
}

/// How long an event is held back for an earlier one.
const PATIENCE: Duration = Duration::from_millis(100);

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
