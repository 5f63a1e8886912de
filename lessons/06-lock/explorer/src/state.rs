//! One execution as it stands: the threads, what each does next, and who has or waits
//! for what.

use std::panic::Location;

use super::op::{Object, Op, ThreadId};
use super::queue::Queue;
use super::replay::Replay;
use super::report::Fault;
use super::search::Search;
use super::standing::Standing;

/// What a thread runs.
pub(super) type Job = Box<dyn FnOnce() + Send>;

/// The thread that prepares an execution and looks at its end; its steps are none.
pub(super) const CONTROLLER: ThreadId = 0;

/// A step that was taken.
#[derive(Clone, Debug)]
pub struct Step {
    /// Who took it.
    pub thread: ThreadId,
    /// What it did.
    pub op: Op,
    /// Where in the source.
    pub at: &'static Location<'static>,
    /// In words: `load balance → 0`.
    pub told: String,
}

/// A step that is still to come, and where in the source.
pub(super) type Next = (Op, &'static Location<'static>);

/// A thread of the execution.
#[derive(Default)]
pub(super) struct Thread {
    pub name: &'static str,
    pub job: Option<Job>,
    /// Its next step, once it has come there.
    pub next: Option<Next>,
    /// Whether it has yet to come there, and its next step is known from before.
    pub foreseen: bool,
    /// Whether it has come to a step.
    pub begun: bool,
    pub ended: bool,
    /// How often it may still end a wait for no reason.
    pub spurious: u32,
}

/// A lock or a condition variable, as its steps see it. What a variable holds is its own.
pub(super) enum Thing {
    Variable,
    Lock { owner: Option<ThreadId> },
    Condition(Queue),
}

/// How far an execution has come.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum End {
    /// It goes on.
    NotYet,
    /// Every thread has ended.
    Complete,
    /// What can go wrong in the middle.
    Fault(Fault),
    /// Whoever chooses wanted no further step.
    Stopped,
}

impl End {
    pub fn fault(self) -> Option<Fault> {
        match self {
            End::Fault(fault) => Some(fault),
            End::NotYet | End::Complete | End::Stopped => None,
        }
    }
}

/// Who chooses the order of the steps.
pub(super) enum Chooser {
    Search(Search),
    Replay(Replay),
}

/// One execution.
pub(super) struct State {
    /// That of the controller stands first.
    pub threads: Vec<Thread>,
    pub things: Vec<(&'static str, Thing)>,
    /// Threads that have the turn when the new threads have come to their first step, the
    /// next one last.
    pub arriving: Vec<ThreadId>,
    pub chooser: Chooser,
    pub end: End,
    /// The first step of each thread in the execution before.
    pub first: Vec<Option<Next>>,
    /// What was done, if somebody wants to be told.
    pub steps: Option<Vec<Step>>,
    /// Where the threads stood when it ended; for those who are told.
    pub stood: Vec<Standing>,
    /// How often a thread may end a wait for no reason.
    pub spurious: u32,
}

impl State {
    pub fn new(chooser: Chooser, spurious: u32) -> Self {
        Self {
            threads: vec![Thread { name: "the controller", ..Thread::default() }],
            things: Vec::new(),
            arriving: Vec::new(),
            chooser,
            end: End::NotYet,
            first: Vec::new(),
            steps: None,
            stood: Vec::new(),
            spurious,
        }
    }

    pub fn add_thread(&mut self, name: &'static str, job: Job) -> ThreadId {
        let spurious = self.spurious;
        self.threads.push(Thread { name, job: Some(job), spurious, ..Thread::default() });
        self.threads.len() - 1
    }

    pub fn add(&mut self, name: &'static str, thing: Thing) -> Object {
        self.things.push((name, thing));
        self.things.len() - 1
    }

    pub fn owner(&mut self, lock: Object) -> &mut Option<ThreadId> {
        match &mut self.things[lock].1 {
            Thing::Lock { owner } => owner,
            _ => unreachable!("a lock stays one"),
        }
    }

    pub fn queue(&mut self, condition: Object) -> &mut Queue {
        match &mut self.things[condition].1 {
            Thing::Condition(queue) => queue,
            _ => unreachable!("a condition variable stays one"),
        }
    }

    /// Notes that a thread has come to its next step. Returns whether that was foreseen;
    /// then it was chosen already.
    ///
    /// # Panics
    /// If something else was foreseen.
    pub fn come(&mut self, thread: ThreadId, next: Next) -> bool {
        let it = &mut self.threads[thread];
        let foreseen = std::mem::take(&mut it.foreseen);
        let same = !foreseen || it.next == Some(next);
        assert!(same, "the program is not the same each time: another step at {}", next.1);
        it.next = Some(next);
        if !std::mem::replace(&mut it.begun, true) {
            self.first[thread] = Some(next);
        }
        foreseen
    }

    /// Whether the first step of these new threads is known: the execution has been like
    /// one before up to here. They need not run to come to it.
    pub fn foresee(&mut self, threads: std::ops::Range<ThreadId>) -> bool {
        let first = |thread| self.first.get(thread).copied().flatten();
        let known = matches!(&self.chooser, Chooser::Search(search) if search.is_on_known_path())
            && threads.clone().all(|thread| first(thread).is_some());
        self.first.resize(self.first.len().max(threads.end), None);
        for thread in threads {
            if known {
                self.threads[thread].next = self.first[thread];
                self.threads[thread].foreseen = true;
            } else {
                // It may end without a step.
                self.first[thread] = None;
            }
        }
        known
    }

    /// Whether a thread can take its next step now.
    pub fn is_enabled(&self, thread: ThreadId) -> bool {
        let Some((op, _)) = self.threads[thread].next else { return false };
        let free = op.takes().is_none_or(|lock| self.has(lock).is_none());
        free && match op {
            Op::Wake { condition, .. } => {
                self.threads[thread].spurious > 0 || self.is_notified(condition, thread)
            }
            Op::Join(other) => self.threads[other].ended,
            _ => true,
        }
    }

    /// Who has a lock.
    pub fn has(&self, lock: Object) -> Option<ThreadId> {
        match self.things[lock].1 {
            Thing::Lock { owner } => owner,
            _ => None,
        }
    }

    /// Whether a thread that waits could be woken by a notification that came.
    pub fn is_notified(&self, condition: Object, thread: ThreadId) -> bool {
        matches!(&self.things[condition].1, Thing::Condition(queue) if queue.is_notified(thread))
    }

    /// The next step of each thread, by its number, if it has come to one.
    pub fn next_ops(&self) -> Vec<Option<Op>> {
        let next = self.threads.iter().map(|thread| match thread.next {
            Some((Op::Spawn(_), _)) => Some(Op::Spawn(self.threads.len())),
            next => next.map(|(op, _)| op),
        });
        next.collect()
    }

    /// The threads but the controller.
    pub fn ids(&self) -> std::ops::Range<ThreadId> {
        1..self.threads.len()
    }

    pub fn all_ended(&self) -> bool {
        self.threads[1..].iter().all(|thread| thread.ended)
    }

    /// Ends the execution. Threads that are left have yet to be unwound.
    pub fn finish(&mut self, end: End) {
        if self.steps.is_some() {
            self.stood = self.standing();
        }
        self.end = end;
        self.arriving.clear();
        let next = self.next_ops();
        if let Chooser::Search(search) = &mut self.chooser {
            search.end(&next);
        }
    }

    /// Makes room for the next execution.
    pub fn clear(&mut self) {
        self.threads.truncate(1);
        self.things.clear();
        self.end = End::NotYet;
    }

    /// Adds to what is told of the step that was just taken.
    pub fn tell(&mut self, value: impl FnOnce() -> String) {
        if let Some(step) = self.steps.as_mut().and_then(|steps| steps.last_mut()) {
            step.told += &value();
        }
    }
}
