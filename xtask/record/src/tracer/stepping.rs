//! Lets the tasks of a program run one by one: each is held before its next selected call,
//! and the caller chooses which one makes it.
//!
//! A time limit must not run out because the caller is thinking. So a task whose limit has run
//! out is held before it learns that. When it is chosen, it makes the call again: if what it
//! waits for has come, it gets that; if not, the limit runs out once more, and for good.

use std::cell::RefCell;
use std::collections::HashSet;
use std::fs;
use std::io::{self, ErrorKind, PipeReader, Read};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use common::proc;
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollTimeout, poll};
use nix::sys::signal::{self, Signal};
use nix::unistd::Pid;

use super::super::calls::Begun;
use super::super::{Event, Group, Selection};
use super::{Interrupted, Program, RUNNING, Stops, Task, Tracer, begin, gone_or};

/// How the tasks of a tracer run step by step.
pub(super) struct Stepping {
    /// The calls before which a task is held.
    held_before: Selection,
    /// Whether no task is held any more.
    is_free: bool,
}

/// How a task runs step by step.
#[derive(Default)]
pub(super) struct Step {
    held: Option<Held>,
    /// The call that it is in.
    doing: Option<Doing>,
    /// Whether the call that it makes now is one whose time limit has run out before.
    is_again: bool,
    /// Whether its child of a vfork uses its memory.
    in_vfork: bool,
}

/// Why a task is held.
enum Held {
    /// It is about to make this call.
    Before(String),
    /// The time limit of the call that it is in has run out.
    TimeOver,
}

struct Doing {
    /// What it is about; `None` if that is of no interest.
    about: Option<String>,
    /// Whether the call ends by itself after some time.
    ends_by_itself: bool,
    /// What the call overwrites, by addresses.
    overwritten: Vec<(u64, Vec<u8>)>,
}

impl Step {
    pub(super) fn is_held(&self) -> bool {
        self.held.is_some()
    }

    /// The task has stopped, so its vfork is over.
    pub(super) fn stopped(&mut self) {
        if self.in_vfork {
            self.left();
        }
    }

    /// The task is in no call any more.
    pub(super) fn left(&mut self) {
        self.in_vfork = false;
        self.doing = None;
    }

    /// The task has made another one, and after a vfork waits for it in the same call.
    pub(super) fn forked(&mut self, by_vfork: bool) {
        if by_vfork {
            self.in_vfork = true;
        } else {
            self.left();
        }
    }
}

impl Tracer<'_> {
    /// Holds a task that is about to make a call, if the call is selected.
    pub(super) fn hold_before(&mut self, id: Pid) -> Result<bool> {
        let is_free = self.stepping.as_ref().is_none_or(|stepping| stepping.is_free);
        if is_free || self.start.is_none() {
            return Ok(false);
        }
        let Some((begun, _)) = self.entry(id)? else { return Ok(false) };
        let Some(told) = begun.about(id, &mut self.known) else { return Ok(false) };
        let (Some(task), Some(stepping)) = (self.tasks.get_mut(&id), &self.stepping) else {
            return Ok(false);
        };
        // A call that the kernel makes again after a signal is not a new call of the program.
        let is_again = task.interrupted.last().is_some_and(|last| last.is_again(&begun));
        if is_again || !stepping.held_before.has(told.group) {
            return Ok(false);
        }
        task.step.held = Some(Held::Before(told.text));
        Ok(true)
    }

    /// Notes the call that a task begins.
    pub(super) fn note_doing(&mut self, id: Pid, begun: &Begun) {
        let about = begun.about(id, &mut self.known).map(|told| told.text);
        let Some(task) = self.tasks.get_mut(&id) else { return };
        task.step.doing = Some(Doing {
            about,
            ends_by_itself: begun.group == Group::Sleep || begun.has_time_limit(id),
            overwritten: begun.overwritten(id),
        });
    }

    /// A task has come to the end of its call. If a time limit has run out there, it is held
    /// before it learns that.
    pub(super) fn hold_at_time_limit(&mut self, id: Pid, begun: &Begun, result: i64) -> bool {
        let at = self.now();
        let is_free = self.stepping.as_ref().is_none_or(|stepping| stepping.is_free);
        let Some(task) = self.tasks.get_mut(&id) else { return false };
        let was_again = std::mem::take(&mut task.step.is_again);
        // One that waits for nothing but the time is a sleep.
        let has_limit = begun.group != Group::Sleep
            && task
                .step
                .doing
                .as_ref()
                .is_some_and(|doing| doing.ends_by_itself && doing.about.is_some());
        if is_free || was_again || !has_limit || !begun.is_time_over(result) {
            task.step.doing = None;
            return false;
        }
        // Made again, it is the same call to the program.
        task.interrupted.push(Interrupted::new(begun.clone(), at, result));
        task.step.held = Some(Held::TimeOver);
        true
    }

    fn let_go(&mut self, id: Pid) -> Result<()> {
        let Some(task) = self.tasks.get_mut(&id) else { return Ok(()) };
        match task.step.held.take() {
            None => return Ok(()),
            Some(Held::Before(_)) => self.begin(id)?,
            Some(Held::TimeOver) => {
                task.step.is_again = true;
                if let (Some(doing), Some(last)) = (&task.step.doing, task.interrupted.last()) {
                    gone_or(last.begun.make_again(id, &doing.overwritten))?;
                }
            }
        }
        self.resume(id, 0)
    }
}

/// How long tasks that do not settle run.
const LONGEST: Duration = Duration::from_secs(10);

/// What a task is doing.
pub enum State {
    /// It is held, and about to make this call.
    AboutTo(String),
    /// It is held, and the time limit of this call has run out.
    TimeOver(String),
    /// It waits in the kernel, in this call, if that is known.
    Waiting(Option<String>),
    /// A signal has stopped it.
    Stopped,
    /// It runs.
    Running,
}

/// A program that runs step by step.
pub struct Steps<'t, 'a> {
    tracer: &'t mut Tracer<'a>,
    stops: Stops,
    events: &'t RefCell<Vec<Event>>,
    output: PipeReader,
    /// What the program had open when it began, as links name it.
    inherited: HashSet<PathBuf>,
}

/// Runs a program whose tasks are held before their next calls of `held_before`. When it has
/// begun, `direct` is called once to let the tasks run; when that returns, all are killed.
///
/// # Errors
/// As of [`super::record`], and the error of `direct`.
pub fn step(
    program: &Program,
    held_before: Selection,
    direct: impl FnOnce(&mut Steps) -> Result<()>,
) -> Result<()> {
    let events = RefCell::new(Vec::new());
    let mut tell = |event| {
        events.borrow_mut().push(event);
        ControlFlow::Continue(())
    };
    // Whatever is held, what a task waits for is to be known.
    let followed = Selection::default();
    // One pipe for both, so that what is printed keeps its order.
    let (output, printed) = io::pipe().context("pipe")?;
    fcntl(&output, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).context("fcntl")?;
    let outputs = [printed.try_clone().context("copy a pipe's end")?, printed];
    let (mut tracer, starter) =
        begin(Path::new(proc::OWN_PROGRAM), program, &followed, outputs, &mut tell)?;
    tracer.stepping = Some(Stepping { held_before, is_free: false });
    // Ctrl-C ends this process, and with it what it traces.
    RUNNING.store(true, Ordering::Relaxed);
    let mut steps = Steps {
        tracer: &mut tracer,
        stops: Stops::default(),
        events: &events,
        output,
        inherited: HashSet::new(),
    };
    let result =
        steps.begin().and_then(|has_begun| if has_begun { direct(&mut steps) } else { Ok(()) });
    RUNNING.store(false, Ordering::Relaxed);
    tracer.is_over = tracer.start.is_some();
    tracer.finish(starter, program)?;
    result
}

impl Steps<'_, '_> {
    /// Waits until the program has begun; `false` if it never will.
    fn begin(&mut self) -> Result<bool> {
        while self.tracer.start.is_none() {
            match self.stops.next() {
                Ok(Some((id, status))) => self.tracer.take(id, status)?,
                Ok(None) => return Ok(false),
                Err(Errno::EINTR) => {}
                Err(why) => return Err(why).context("waitpid"),
            }
        }
        for (id, _) in self.tasks() {
            self.inherited.extend(links(id));
        }
        Ok(true)
    }

    /// Takes in what has happened to the tasks. Waits for nothing.
    ///
    /// # Errors
    /// If a call to ptrace fails.
    pub fn take_stops(&mut self) -> Result<()> {
        while let Some((id, status)) = self.stops.next_there().context("waitpid")? {
            self.tracer.take(id, status).with_context(|| format!("trace task {id}"))?;
        }
        self.tracer.tell_until(Duration::MAX);
        Ok(())
    }

    /// Waits until nothing happens any more unless a task is let go: each is held, stopped,
    /// or waits for another one. A task that sleeps or waits with a time limit is waited for. A
    /// program that computes for ever, or asks again and again, never settles: it runs for 10
    /// seconds.
    ///
    /// # Errors
    /// If a call to ptrace fails.
    pub fn settle(&mut self, printed: &mut Vec<u8>) -> Result<()> {
        let start = Instant::now();
        loop {
            self.take_stops()?;
            // A full pipe would keep the program waiting.
            self.read_printed(printed)?;
            if self.is_settled() || start.elapsed() > LONGEST {
                return self.read_printed(printed);
            }
            // The kernel reports no end of running, so this polls. A signal only makes the pause
            // shorter.
            _ = poll(&mut [], PollTimeout::from(1_u8));
        }
    }

    /// Whether nothing happens any more unless a task is let go.
    pub fn is_settled(&self) -> bool {
        // A task that has not run between two looks was asleep all the time. If that is true
        // of all, they were asleep together when the first look was over.
        self.tracer.early.is_empty()
            && self.looks().is_some_and(|first| self.looks() == Some(first))
    }

    /// How often each task has stopped running; `None` if one of them has not.
    fn looks(&self) -> Option<Vec<(Pid, u64)>> {
        let mut tasks: Vec<_> = self.tracer.tasks.iter().collect();
        tasks.sort_unstable_by_key(|(id, _)| **id);
        let looks = tasks.into_iter().map(|(id, task)| {
            let (state, switches) = look(*id)?;
            self.is_asleep(*id, task, state).then_some((*id, switches))
        });
        looks.collect()
    }

    fn is_asleep(&self, id: Pid, task: &Task, state: char) -> bool {
        match state {
            'S' => task.step.doing.as_ref().is_none_or(|doing| !doing.ends_by_itself),
            'D' => task.step.in_vfork,
            // One that is held may have been killed.
            't' | 'T' => task.stopped || task.step.is_held(),
            // The first thread has ended, and the process has others.
            'Z' => {
                let others = self.tracer.tasks.iter().filter(|(other, _)| **other != id);
                others.into_iter().any(|(_, other)| other.process == task.process)
            }
            _ => false,
        }
    }

    /// What has happened since this was last asked for, in order.
    pub fn events(&mut self) -> Vec<Event> {
        self.events.take()
    }

    /// Appends what the program has printed since this was last called.
    ///
    /// # Errors
    /// If the pipe cannot be read.
    pub fn read_printed(&mut self, printed: &mut Vec<u8>) -> Result<()> {
        match self.output.read_to_end(printed) {
            Err(why) if why.kind() != ErrorKind::WouldBlock => Err(why).context("read the output"),
            _ => Ok(()),
        }
    }

    /// The tasks that have not ended, each with its process, in the order of their ids.
    pub fn tasks(&self) -> Vec<(Pid, Pid)> {
        let tasks = self.tracer.tasks.iter().map(|(id, task)| (*id, task.process));
        let mut tasks: Vec<_> = tasks.collect();
        tasks.sort_unstable();
        tasks
    }

    /// What a task is doing; `None` if it has ended.
    pub fn state(&self, id: Pid) -> Option<State> {
        let task = self.tracer.tasks.get(&id)?;
        let doing = || task.step.doing.as_ref().and_then(|doing| doing.about.clone());
        Some(match &task.step.held {
            Some(Held::Before(about)) => State::AboutTo(about.clone()),
            Some(Held::TimeOver) => State::TimeOver(doing()?),
            None if task.stopped => State::Stopped,
            None if matches!(look(id), Some(('S' | 'D', _))) => State::Waiting(doing()),
            None => State::Running,
        })
    }

    /// The names of the pipe ends, sockets and shared memory that a task has open, without what
    /// the program had open when it began.
    pub fn open(&mut self, id: Pid) -> Vec<String> {
        let is_own =
            |descriptor| link(id, descriptor).is_some_and(|it| !self.inherited.contains(&it));
        self.tracer.known.channels.open(id, is_own)
    }

    /// Lets a task that is held run to its next event.
    ///
    /// # Errors
    /// If a call to ptrace fails.
    pub fn let_go(&mut self, id: Pid) -> Result<()> {
        self.tracer.let_go(id)
    }

    /// Lets all tasks run, and holds none any more.
    ///
    /// # Errors
    /// If a call to ptrace fails.
    pub fn let_all_go(&mut self) -> Result<()> {
        if let Some(stepping) = &mut self.tracer.stepping {
            stepping.is_free = true;
        }
        self.tasks().into_iter().try_for_each(|(id, _)| self.tracer.let_go(id))
    }

    /// Kills the process of a task.
    pub fn kill(&self, id: Pid) {
        if let Some(task) = self.tracer.tasks.get(&id) {
            // It may have ended.
            _ = signal::kill(task.process, Signal::SIGKILL);
        }
    }
}

/// What a descriptor of a task is open for.
fn link(id: Pid, descriptor: u64) -> Option<PathBuf> {
    fs::read_link(format!("/proc/{id}/fd/{descriptor}")).ok()
}

/// What a task's descriptors are open for.
fn links(id: Pid) -> impl Iterator<Item = PathBuf> {
    let folder = fs::read_dir(format!("/proc/{id}/fd")).into_iter().flatten();
    folder.filter_map(|entry| fs::read_link(entry.ok()?.path()).ok())
}

/// The state of a task as /proc shows it, and how often it has stopped running; `None` if it
/// is gone.
pub(super) fn look(id: Pid) -> Option<(char, u64)> {
    let status = proc::text(format!("/proc/{id}/status")).ok()?;
    let values = |name: &'static str| {
        status
            .lines()
            .filter_map(move |line| line.split_once(':').filter(|it| it.0.ends_with(name)))
    };
    let state = values("State").next()?.1.trim().chars().next()?;
    let switches =
        values("voluntary_ctxt_switches").filter_map(|it| it.1.trim().parse::<u64>().ok());
    Some((state, switches.sum()))
}
