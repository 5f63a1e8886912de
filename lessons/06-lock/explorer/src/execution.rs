//! The state of one execution: the next step of each thread, the owner of each lock, and
//! the threads that wait on each condition variable.

mod queue;

use std::ops::Range;
use std::panic::Location;

use crate::op::{ObjectId, Op, ThreadId};
use crate::report::{self, Awaited, Blocked, Fault, Outcome, Run, Step, ThreadState};
use crate::scheduler::{MAX_THREADS, Ready, bit};
use queue::Queue;

/// What a thread runs.
pub(crate) type Job = Box<dyn FnOnce() + Send>;

/// The thread that prepares an execution and checks its end. It takes no steps.
pub(crate) const CONTROLLER: ThreadId = 0;

#[derive(Default)]
struct Thread {
    name: &'static str,
    /// `None` once the thread has started.
    job: Option<Job>,
    /// The step that the thread waits to take. `None` before the first and after the last
    /// one, and while the thread runs.
    next: Option<(Op, &'static Location<'static>)>,
    /// Where its last step was.
    last: Option<&'static Location<'static>>,
    ended: bool,
    /// It stays parked for good.
    given_up: bool,
    /// How many steps it came to after the end of the execution.
    after_end: usize,
    /// How many spurious wake-ups the thread has left.
    spurious: u32,
}

/// How many steps a thread may come to after the end of its execution: it may catch the panic
/// that is to unwind it, or take steps while it unwinds.
const MAX_AFTER_END: usize = 1000;

/// What the scheduler has to know of an object. A variable keeps its value itself.
pub(crate) enum Object {
    Variable,
    Lock { owner: Option<ThreadId> },
    Condvar(Queue),
}

impl Object {
    pub fn condvar() -> Self {
        Object::Condvar(Queue::default())
    }
}

/// An execution that is over.
#[derive(Clone)]
pub(crate) struct Ended {
    pub run: Run,
    /// The steps that the threads were about to take.
    pub next: Vec<Option<Op>>,
}

/// One execution.
#[derive(Default)]
pub(crate) struct Execution {
    /// The controller has number 0.
    threads: Vec<Thread>,
    objects: Vec<(&'static str, Object)>,
    /// How often a thread came to a step, or to its end.
    progress: u64,
    /// What was done, if it is to be recorded.
    steps: Option<Vec<Step>>,
    /// How often each thread may wake spuriously.
    spurious: u32,
    ended: Option<Ended>,
    /// Why the program cannot be explored.
    refusal: Option<String>,
}

impl Execution {
    pub fn new(spurious: u32, record: bool) -> Self {
        let threads = vec![Thread::default()];
        Self { threads, spurious, steps: record.then(Vec::new), ..Self::default() }
    }

    /// The number that the next new thread gets.
    fn next_id(&self) -> ThreadId {
        self.threads.len()
    }

    /// Adds a thread. It runs up to its first step before any other step is taken.
    ///
    /// # Panics
    /// If there are too many.
    pub fn add_thread(&mut self, name: &'static str, job: Job) -> ThreadId {
        let id = self.next_id();
        assert!(id <= MAX_THREADS, "an explored program has at most {MAX_THREADS} threads");
        let spurious = self.spurious;
        self.threads.push(Thread { name, job: Some(job), spurious, ..Thread::default() });
        id
    }

    pub fn add_object(&mut self, name: &'static str, object: Object) -> ObjectId {
        self.objects.push((name, object));
        self.objects.len() - 1
    }

    pub fn set_owner(&mut self, lock: ObjectId, owner: Option<ThreadId>) {
        self.objects[lock].1 = Object::Lock { owner };
    }

    fn owner(&self, lock: ObjectId) -> Option<ThreadId> {
        match self.objects[lock].1 {
            Object::Lock { owner } => owner,
            _ => None,
        }
    }

    pub fn queue(&mut self, condvar: ObjectId) -> &mut Queue {
        match &mut self.objects[condvar].1 {
            Object::Condvar(queue) => queue,
            _ => unreachable!("an object does not change its kind"),
        }
    }

    /// Returns whether the thread was notified, or else woke spuriously.
    pub fn end_wait(&mut self, condvar: ObjectId, thread: ThreadId) -> bool {
        let notified = self.queue(condvar).remove(thread);
        self.threads[thread].spurious -= u32::from(!notified);
        notified
    }

    fn is_notified(&self, condvar: ObjectId, thread: ThreadId) -> bool {
        matches!(&self.objects[condvar].1, Object::Condvar(queue) if queue.is_notified(thread))
    }

    /// The threads, without the controller.
    fn ids(&self) -> Range<ThreadId> {
        1..self.threads.len()
    }

    /// A thread that has not started.
    pub fn new_thread(&self) -> Option<ThreadId> {
        self.ids().find(|&id| self.threads[id].job.is_some())
    }

    /// A thread that is left after the end: one that has yet to learn of it, or that takes a
    /// step while it unwinds.
    pub fn thread_to_unwind(&self) -> Option<ThreadId> {
        let can_go_on = |id: ThreadId| {
            let thread = &self.threads[id];
            !thread.ended && !thread.given_up && (thread.after_end == 0 || self.is_enabled(id))
        };
        self.ids().find(|&id| can_go_on(id))
    }

    /// Counts a step after the end. Returns whether the thread may come to another one.
    pub fn may_go_on(&mut self, thread: ThreadId) -> bool {
        self.threads[thread].after_end += 1;
        self.threads[thread].after_end <= MAX_AFTER_END
    }

    /// Lets a thread stay parked for good.
    pub fn give_up(&mut self, thread: ThreadId) {
        self.threads[thread].given_up = true;
    }

    /// Lets all threads that are left stay parked for good.
    pub fn give_up_rest(&mut self) {
        for thread in self.threads.iter_mut().skip(1).filter(|thread| !thread.ended) {
            thread.given_up = true;
        }
    }

    pub fn is_given_up(&self, thread: ThreadId) -> bool {
        self.threads[thread].given_up
    }

    pub fn name(&self, thread: ThreadId) -> &'static str {
        self.threads[thread].name
    }

    /// What a thread is to run, the first time it is asked for.
    pub fn take_job(&mut self, thread: ThreadId) -> Option<Job> {
        self.threads.get_mut(thread)?.job.take()
    }

    /// A thread has come to its next step.
    pub fn arrive(&mut self, thread: ThreadId, op: Op, at: &'static Location<'static>) {
        self.threads[thread].next = Some((op, at));
        self.progress += 1;
    }

    /// Grows whenever a thread comes to a step, or to its end.
    pub fn progress(&self) -> u64 {
        self.progress
    }

    /// Where the last step of a thread was.
    pub fn last_step(&self, thread: ThreadId) -> Option<&'static Location<'static>> {
        self.threads[thread].last
    }

    /// A thread has taken its next step. Returns the number of the step if it is recorded, and
    /// wants a description.
    pub fn depart(&mut self, thread: ThreadId) -> Option<usize> {
        let (_, at) = self.threads[thread].next.take()?;
        self.threads[thread].last = Some(at);
        let steps = self.steps.as_mut().filter(|_| thread != CONTROLLER)?;
        steps.push(Step { thread, at, description: String::new() });
        Some(steps.len() - 1)
    }

    pub fn set_description(&mut self, step: usize, description: String) {
        if let Some(steps) = &mut self.steps {
            steps[step].description = description;
        }
    }

    pub fn is_enabled(&self, thread: ThreadId) -> bool {
        let Some((op, _)) = self.threads[thread].next else { return false };
        let free = op.acquires().is_none_or(|lock| self.owner(lock).is_none());
        free && match op {
            Op::Wake { condvar, .. } => {
                self.threads[thread].spurious > 0 || self.is_notified(condvar, thread)
            }
            Op::Join(other) => self.threads[other].ended,
            _ => true,
        }
    }

    /// The next step of each thread, by its number.
    fn next_ops(&self) -> Vec<Option<Op>> {
        let next = self.threads.iter().map(|thread| match thread.next {
            Some((Op::Spawn(_), _)) => Some(Op::Spawn(self.next_id())),
            next => next.map(|(op, _)| op),
        });
        next.collect()
    }

    pub fn ready(&self) -> Ready {
        let enabled = self.ids().filter(|&id| self.is_enabled(id));
        Ready { next: self.next_ops(), enabled: enabled.fold(0, |set, id| set | bit(id)) }
    }

    fn state(&self, thread: ThreadId) -> ThreadState {
        let Some((op, at)) = self.threads[thread].next else { return ThreadState::Ended };
        if self.is_enabled(thread) {
            return ThreadState::Ready(at);
        }
        let awaits = self.awaits(thread, op);
        ThreadState::Blocked(Blocked { id: thread, name: self.name(thread), awaits, at })
    }

    /// What a thread waits for that cannot take its next step.
    fn awaits(&self, thread: ThreadId, op: Op) -> Awaited {
        let name = |thread: ThreadId| self.threads[thread].name;
        match op {
            Op::Wake { condvar, .. } if !self.is_notified(condvar, thread) => {
                Awaited::Notification(self.objects[condvar].0)
            }
            Op::Join(other) => Awaited::End(name(other)),
            _ => {
                let lock = op.acquires().expect("no other step has to wait");
                let owner = self.owner(lock).map_or("nobody", name);
                Awaited::Lock { lock: self.objects[lock].0, owner }
            }
        }
    }

    /// What a thread waits for, if it cannot take its next step.
    pub fn awaited(&self, thread: ThreadId) -> Option<Awaited> {
        let (op, _) = self.threads[thread].next?;
        (!self.is_enabled(thread)).then(|| self.awaits(thread, op))
    }

    /// A thread has ended, perhaps with a panic; a panic ends the execution.
    pub fn end_thread(&mut self, thread: ThreadId, panic: Option<String>) {
        self.progress += 1;
        let Thread { name, .. } = self.threads[thread];
        self.threads[thread] = Thread { name, ended: true, ..Thread::default() };
        if let Some(message) = panic
            && !self.is_over()
        {
            self.finish(Some(Fault::Panic { thread: name, message }));
        }
    }

    pub fn is_over(&self) -> bool {
        self.ended.is_some()
    }

    /// Ends the execution, with this fault or as its threads are now. Threads that are left
    /// have yet to be unwound.
    pub fn finish(&mut self, fault: Option<Fault>) {
        let thread =
            |id: ThreadId| report::Thread { name: self.threads[id].name, state: self.state(id) };
        let threads: Vec<_> = self.ids().map(thread).collect();
        let outcome = fault.map_or_else(|| outcome(&threads), Outcome::Fault);
        let steps = self.steps.take().unwrap_or_default();
        self.ended = Some(Ended { run: Run { steps, threads, outcome }, next: self.next_ops() });
    }

    /// Ends the execution: the program cannot be explored.
    pub fn refuse(&mut self, why: String) {
        self.refusal.get_or_insert(why);
        if !self.is_over() {
            self.finish(None);
        }
    }

    pub fn refusal(&self) -> Option<&str> {
        self.refusal.as_deref()
    }

    /// The result of the execution, once.
    pub fn take_ended(&mut self) -> Option<Ended> {
        self.ended.take()
    }
}

/// How an execution ends whose threads take no further step.
fn outcome(threads: &[report::Thread]) -> Outcome {
    let mut blocked = Vec::new();
    for thread in threads {
        match &thread.state {
            ThreadState::Ready(_) => return Outcome::Unfinished,
            ThreadState::Blocked(thread) => blocked.push(thread.clone()),
            ThreadState::Ended => {}
        }
    }
    if blocked.is_empty() { Outcome::Right } else { Outcome::Fault(Fault::Deadlock(blocked)) }
}
