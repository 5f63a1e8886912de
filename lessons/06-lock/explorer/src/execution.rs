//! The state of one execution: the next step of each thread, the owner of each lock, and
//! the threads that wait on each condition variable.

mod queue;

use std::ops::Range;
use std::panic::Location;

use crate::op::{ObjectId, Op, ThreadId};
use crate::report::{self, Awaited, Blocked, Fault, Outcome, Run, Step, ThreadState};
use crate::scheduler::{Ready, bit};
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
    ended: bool,
    /// How many spurious wake-ups the thread has left.
    spurious: u32,
}

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
    /// What was done, if it is to be recorded.
    steps: Option<Vec<Step>>,
    /// How often each thread may wake spuriously.
    spurious: u32,
    ended: Option<Ended>,
}

impl Execution {
    pub fn new(spurious: u32, record: bool) -> Self {
        let threads = vec![Thread::default()];
        Self { threads, spurious, steps: record.then(Vec::new), ..Self::default() }
    }

    /// The number that the next new thread gets.
    pub fn next_id(&self) -> ThreadId {
        self.threads.len()
    }

    pub fn add_thread(&mut self, name: &'static str, job: Job) {
        let spurious = self.spurious;
        self.threads.push(Thread { name, job: Some(job), spurious, ..Thread::default() });
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

    /// A thread that has not ended.
    pub fn live_thread(&self) -> Option<ThreadId> {
        self.ids().find(|&id| !self.threads[id].ended)
    }

    /// What a thread is to run, the first time it is asked for.
    pub fn take_job(&mut self, thread: ThreadId) -> Option<Job> {
        self.threads.get_mut(thread)?.job.take()
    }

    /// A thread has come to its next step.
    pub fn arrive(&mut self, thread: ThreadId, op: Op, at: &'static Location<'static>) {
        self.threads[thread].next = Some((op, at));
    }

    /// A thread has taken its next step, which is recorded if that is wanted.
    pub fn depart(&mut self, thread: ThreadId, describe: impl FnOnce() -> String) {
        let next = self.threads[thread].next.take();
        if let (Some(steps), Some((_, at))) = (&mut self.steps, next) {
            steps.push(Step { thread, at, description: describe() });
        }
    }

    fn is_enabled(&self, thread: ThreadId) -> bool {
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
        let name = |thread: ThreadId| self.threads[thread].name;
        let awaits = match op {
            Op::Wake { condvar, .. } if !self.is_notified(condvar, thread) => {
                Awaited::Notification(self.objects[condvar].0)
            }
            Op::Join(other) => Awaited::End(name(other)),
            _ => {
                let lock = op.acquires().expect("no other step has to wait");
                let owner = self.owner(lock).map_or("nobody", name);
                Awaited::Lock { lock: self.objects[lock].0, owner }
            }
        };
        ThreadState::Blocked(Blocked { id: thread, name: name(thread), awaits, at })
    }

    /// A thread has ended, perhaps with a panic; a panic ends the execution.
    pub fn end_thread(&mut self, thread: ThreadId, panic: Option<&str>) {
        let Thread { name, .. } = self.threads[thread];
        self.threads[thread] = Thread { name, ended: true, ..Thread::default() };
        if let Some(message) = panic
            && !self.is_over()
        {
            self.finish(Some(Fault::Panic { thread: name, message: message.to_owned() }));
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
