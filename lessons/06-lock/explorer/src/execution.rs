//! The state of one execution: the next step of each thread, the owner of each lock, and
//! the threads that wait on each condition variable.

mod loops;
mod object;
mod queue;

use std::ops::Range;
use std::panic::Location;

use crate::names;
use crate::op::{ObjectId, Op, ThreadId};
use crate::report::{self, Awaited, Blocked, Fault, Outcome, Panicked, Run, Step, ThreadState};
use crate::scheduler::{MAX_THREADS, Ready, bit};
use loops::{Look, Round, What};
pub(crate) use object::{Channel, Lock, Object};
use queue::Queue;

/// What a thread runs.
pub(crate) type Job = Box<dyn FnOnce() + Send>;

/// Why a thread is not started.
pub(crate) const TOO_MANY_THREADS: &str = "an explored program has at most 63 threads";
const _: () = assert!(MAX_THREADS == 63);

/// The thread that prepares an execution and checks its end. It takes no steps.
pub(crate) const CONTROLLER: ThreadId = 0;

/// What is said of a new thread.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Settings {
    /// Without a name it is called by its number.
    pub name: Option<&'static str>,
    /// How many bytes its stack has at least.
    pub stack: usize,
}

#[derive(Default)]
struct Thread {
    name: &'static str,
    settings: Settings,
    /// `None` once the thread has started.
    job: Option<Job>,
    /// The step that the thread waits to take. `None` before the first and after the last
    /// one, and while the thread runs.
    next: Option<Next>,
    /// Where its last step was.
    last: Option<&'static Location<'static>>,
    ended: bool,
    /// It stays parked for good.
    given_up: bool,
    /// How many steps it came to after the end of the execution.
    after_end: usize,
    /// How many spurious wake-ups the thread has left.
    spurious: u32,
    /// What it did since it last let the others go first.
    round: Round,
    /// Its token for `park`.
    token: ObjectId,
}

/// A step that a thread waits to take.
#[derive(Clone, Copy)]
struct Next {
    op: Op,
    at: &'static Location<'static>,
    limit: Limit,
}

/// How long a thread waits for its step to be possible.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Limit {
    /// As long as it takes.
    Never,
    /// Its time may be over at once.
    Now,
    /// Its time is over when something that it looks at has changed, or when no other thread
    /// can go on: it waits in a loop.
    Later,
}

/// How many steps a thread may come to after the end of its execution: it may catch the panic
/// that is to unwind it, or take steps while it unwinds.
const MAX_AFTER_END: usize = 1000;

/// How often each thread that waits in a loop looks again, and nothing changes. Then they have
/// no end.
const MAX_LOOKS: usize = 20;

/// An object of the program, and how often it was changed.
struct Entry {
    name: &'static str,
    object: Object,
    changes: u64,
    /// How often it was released, if it is a lock.
    releases: u64,
}

/// An execution that is over.
#[derive(Clone)]
pub(crate) struct Ended {
    pub run: Run,
    /// The steps that the threads were about to take.
    pub next: Vec<Option<Op>>,
    /// Whether a thread, then or later, sleeps where it would abort the process.
    pub aborts: bool,
}

/// One execution.
#[derive(Default)]
pub(crate) struct Execution {
    /// The controller has number 0.
    threads: Vec<Thread>,
    objects: Vec<Entry>,
    /// Where a thread waited in a loop for a change.
    polls: Option<&'static Location<'static>>,
    /// Whether a thread waited for a notification, or to be unparked.
    wakes: bool,
    /// How often a thread came to a step, or to its end.
    progress: u64,
    /// Which object was used in each step, and by which thread.
    uses: Vec<(ObjectId, ThreadId)>,
    /// The panics before its end, and the threads.
    panics: Vec<(ThreadId, Panicked)>,
    /// What was done, if it is to be recorded.
    steps: Option<Vec<Step>>,
    /// How often each thread may wake spuriously.
    spurious: u32,
    /// The first thread is the main thread: what is left when it has ended does not matter.
    pub has_main: bool,
    /// The threads that looked again because no other could go on. It begins anew when
    /// something changes.
    looks: Vec<ThreadId>,
    ended: Option<Ended>,
    /// Why the program cannot be explored.
    refusal: Option<String>,
}

impl Execution {
    pub fn new(spurious: u32, record: bool) -> Self {
        let steps = record.then(Vec::new);
        let mut execution = Self { spurious, steps, ..Self::default() };
        execution.push_thread("the controller", None);
        execution
    }

    /// The number that the next new thread gets.
    fn next_id(&self) -> ThreadId {
        self.threads.len()
    }

    /// Adds a thread. It runs up to its first step before any other step is taken.
    ///
    /// # Errors
    /// What it was to run, if there are too many: that may take steps when it is dropped, and so
    /// not while the execution is locked.
    pub fn add_thread(&mut self, settings: Settings, job: Job) -> Result<ThreadId, Job> {
        let id = self.next_id();
        if id > MAX_THREADS {
            return Err(job);
        }
        let called = settings.name.unwrap_or_else(|| names::intern(format!("thread {id}")));
        self.push_thread(called, Some(job));
        self.threads[id].settings = settings;
        Ok(id)
    }

    fn push_thread(&mut self, name: &'static str, job: Option<Job>) {
        let token = self.add_object(name, Object::Token(false));
        let spurious = self.spurious;
        self.threads.push(Thread { name, job, spurious, token, ..Thread::default() });
    }

    pub fn add_object(&mut self, name: &'static str, object: Object) -> ObjectId {
        self.objects.push(Entry { name, object, changes: 0, releases: 0 });
        self.objects.len() - 1
    }

    /// How many objects have this name, or this name and a number.
    pub fn namesakes(&self, name: &str) -> usize {
        let is_same = |entry: &&Entry| {
            let number = entry.name.strip_prefix(name);
            let is_same = number.is_some_and(|rest| rest.is_empty() || rest.starts_with(" #"));
            is_same && !matches!(entry.object, Object::Token(_))
        };
        self.objects.iter().filter(is_same).count()
    }

    pub fn lock(&mut self, lock: ObjectId) -> &mut Lock {
        match &mut self.objects[lock].object {
            Object::Lock(lock) => lock,
            _ => unreachable!("an object does not change its kind"),
        }
    }

    pub fn set_owner(&mut self, lock: ObjectId, owner: Option<ThreadId>) {
        self.lock(lock).owner = owner;
        self.objects[lock].releases += u64::from(owner.is_none());
    }

    pub fn add_reader(&mut self, lock: ObjectId, reader: ThreadId) {
        self.lock(lock).readers.push(reader);
    }

    pub fn remove_reader(&mut self, lock: ObjectId, reader: ThreadId) {
        let readers = &mut self.lock(lock).readers;
        let index = readers.iter().position(|&other| other == reader);
        readers.remove(index.expect("it has the lock"));
        self.objects[lock].releases += 1;
    }

    pub fn queue(&mut self, condvar: ObjectId) -> &mut Queue {
        match &mut self.objects[condvar].object {
            Object::Condvar(queue) => queue,
            _ => unreachable!("an object does not change its kind"),
        }
    }

    pub fn channel(&mut self, channel: ObjectId) -> &mut Channel {
        match &mut self.objects[channel].object {
            Object::Channel(channel) => channel,
            _ => unreachable!("an object does not change its kind"),
        }
    }

    pub fn arrivals(&mut self, barrier: ObjectId) -> &mut usize {
        match &mut self.objects[barrier].object {
            Object::Barrier { arrivals } => arrivals,
            _ => unreachable!("an object does not change its kind"),
        }
    }

    /// Who runs the function of a `Once`, and whether it is done.
    pub fn once(&mut self, once: ObjectId) -> (&mut Option<ThreadId>, &mut bool) {
        match &mut self.objects[once].object {
            Object::Once { owner, done } => (owner, done),
            _ => unreachable!("an object does not change its kind"),
        }
    }

    pub fn token(&mut self, token: ObjectId) -> &mut bool {
        match &mut self.objects[token].object {
            Object::Token(is_set) => is_set,
            _ => unreachable!("an object does not change its kind"),
        }
    }

    /// The object of a thread's token.
    pub fn token_of(&self, thread: ThreadId) -> ObjectId {
        self.threads[thread].token
    }

    /// Whether the step that a thread takes was possible without an end of its time.
    pub fn is_given(&self, thread: ThreadId) -> bool {
        self.threads[thread].next.is_some_and(|next| self.is_possible(thread, next.op))
    }

    /// Uses up a spurious wake-up of a thread.
    pub fn wake_spuriously(&mut self, thread: ThreadId) {
        self.threads[thread].spurious -= 1;
    }

    /// Returns whether the thread was notified, or else woke spuriously.
    pub fn end_wait(&mut self, condvar: ObjectId, thread: ThreadId) -> bool {
        let notified = self.queue(condvar).remove(thread);
        self.threads[thread].spurious -= u32::from(!notified);
        notified
    }

    fn is_notified(&self, condvar: ObjectId, thread: ThreadId) -> bool {
        matches!(&self.objects[condvar].object, Object::Condvar(queue) if queue.is_notified(thread))
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

    pub fn given_name(&self, thread: ThreadId) -> Option<&'static str> {
        self.threads[thread].settings.name
    }

    pub fn stack(&self, thread: ThreadId) -> usize {
        self.threads[thread].settings.stack
    }

    /// What a thread is to run, the first time it is asked for.
    pub fn take_job(&mut self, thread: ThreadId) -> Option<Job> {
        self.threads.get_mut(thread)?.job.take()
    }

    /// A thread has come to its next step.
    pub fn arrive(
        &mut self,
        thread: ThreadId,
        op: Op,
        at: &'static Location<'static>,
        limit: Limit,
    ) {
        let is_again = limit == Limit::Now && self.threads[thread].round.is_repeated(at);
        let limit = if is_again {
            self.polls = self.polls.or(Some(at));
            Limit::Later
        } else {
            limit
        };
        self.threads[thread].next = Some(Next { op, at, limit });
        self.wakes |= match op {
            Op::Wake { .. } => true,
            Op::Take(object) => matches!(self.objects[object].object, Object::Token(_)),
            _ => false,
        };
        self.progress += 1;
    }

    /// A thread changes an object: those that wait for that in a loop can go on.
    pub fn change(&mut self, object: ObjectId, thread: ThreadId) {
        self.objects[object].changes += 1;
        self.threads[thread].round.has_changed_something = true;
        self.looks.clear();
    }

    /// A thread does something that is not a change of an object, and no mere look.
    pub fn act(&mut self, thread: ThreadId) {
        self.threads[thread].round.has_changed_something = true;
    }

    /// A thread has found that a lock is not free.
    pub fn see_owner(&mut self, lock: ObjectId, thread: ThreadId) {
        self.look(thread, lock, What::Owner);
    }

    fn look(&mut self, thread: ThreadId, object: ObjectId, what: What) {
        let count = self.count(object, what);
        self.threads[thread].round.seen.push(Look { object, what, count });
    }

    fn count(&self, object: ObjectId, what: What) -> u64 {
        match what {
            What::Value => self.objects[object].changes,
            What::Owner => self.objects[object].releases,
        }
    }

    /// A thread lets the others go first, here. Returns whether it has to wait for a change: it
    /// does so again, and has changed nothing since the last time.
    pub fn has_to_yield(&mut self, thread: ThreadId, at: &'static Location<'static>) -> bool {
        let waits = self.threads[thread].round.is_repeated(at);
        if waits {
            self.polls = self.polls.or(Some(at));
        } else {
            self.begin_round(thread, at);
        }
        waits
    }

    /// A thread has let the others go first, here.
    pub fn begin_round(&mut self, thread: ThreadId, at: &'static Location<'static>) {
        self.threads[thread].round.begin(at);
    }

    fn sees_change(&self, thread: ThreadId) -> bool {
        let seen = &self.threads[thread].round.seen;
        seen.iter().any(|look| self.count(look.object, look.what) > look.count)
    }

    /// No thread can go on, unless one that waits in a loop looks again. Returns whether one
    /// does: they take turns, as each only looks.
    pub fn look_again(&mut self) -> bool {
        let is_waiting =
            |&id: &ThreadId| self.threads[id].next.is_some_and(|next| next.limit == Limit::Later);
        let waiting: Vec<_> = self.ids().filter(is_waiting).collect();
        let last = self.looks.last().copied().unwrap_or(CONTROLLER);
        let next = waiting.iter().find(|&&id| id > last).or(waiting.first()).copied();
        let Some(next) = next.filter(|_| !self.main_has_ended()) else { return false };
        if self.looks.len() >= MAX_LOOKS * waiting.len() {
            let blocked = self.ids().filter_map(|id| match self.state(id) {
                ThreadState::Blocked(blocked) => Some(blocked),
                _ => None,
            });
            let fault = Fault::Livelock(blocked.collect());
            self.finish(Some(fault));
            return false;
        }
        self.looks.push(next);
        self.threads[next].round.may_look_again = true;
        true
    }

    fn main_has_ended(&self) -> bool {
        self.has_main && self.threads.get(1).is_some_and(|main| main.ended)
    }

    /// How many threads have not ended, besides this one.
    pub fn threads_besides(&self, thread: ThreadId) -> usize {
        self.ids().filter(|&id| id != thread && !self.threads[id].ended).count()
    }

    /// Grows whenever a thread comes to a step, or to its end.
    pub fn progress(&self) -> u64 {
        self.progress
    }

    /// How often objects were used by other threads than the one that uses each of them most.
    pub fn shared_uses(&self) -> usize {
        let mut uses = self.uses.clone();
        uses.sort_unstable();
        let of_others = |uses: &[(ObjectId, ThreadId)]| {
            let most = uses.chunk_by(|a, b| a == b).map(<[_]>::len).max().unwrap_or(0);
            uses.len() - most
        };
        uses.chunk_by(|(a, _), (b, _)| a == b).map(of_others).sum()
    }

    /// Where the last step of a thread was.
    pub fn last_step(&self, thread: ThreadId) -> Option<&'static Location<'static>> {
        self.threads[thread].last
    }

    /// A thread has taken its next step. Returns the number of the step if it is recorded, and
    /// wants a description.
    pub fn depart(&mut self, thread: ThreadId) -> Option<usize> {
        let Next { op, at, .. } = self.threads[thread].next.take()?;
        self.threads[thread].last = Some(at);
        for object in op.objects().into_iter().flatten() {
            self.look(thread, object, What::Value);
            self.uses.push((object, thread));
        }
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
        let Some(Next { op, limit, .. }) = self.threads[thread].next else { return false };
        let time_is_over = match limit {
            Limit::Never => false,
            Limit::Now => true,
            Limit::Later => {
                let round = &self.threads[thread].round;
                round.may_look_again || self.is_over() || self.sees_change(thread)
            }
        };
        time_is_over || self.is_possible(thread, op)
    }

    /// Whether a thread can take its next step without a spurious wake-up.
    fn can_go_on(&self, thread: ThreadId) -> bool {
        match self.threads[thread].next.map(|next| next.op) {
            // Two threads do not wait for each other.
            Some(Op::Settle) => false,
            Some(Op::Wake { condvar, .. }) if !self.is_notified(condvar, thread) => {
                self.threads[thread].next.is_some_and(|next| next.limit == Limit::Now)
            }
            Some(Op::Take(token)) if !self.is_given_token(token) => {
                self.threads[thread].next.is_some_and(|next| next.limit == Limit::Now)
            }
            _ => self.is_enabled(thread),
        }
    }

    /// Whether this is no token, or one that is set.
    fn is_given_token(&self, object: ObjectId) -> bool {
        !matches!(self.objects[object].object, Object::Token(false))
    }

    /// Whether a step is possible that takes its time.
    fn is_possible(&self, thread: ThreadId, op: Op) -> bool {
        match op {
            Op::Lock(object) => match &self.objects[object].object {
                Object::Lock(lock) => lock.is_free(),
                Object::Once { owner, .. } => owner.is_none(),
                _ => true,
            },
            Op::Share(lock) => match &self.objects[lock].object {
                Object::Lock(lock) => lock.owner.is_none(),
                _ => true,
            },
            Op::Wake { condvar, lock } => {
                let may_wake =
                    self.threads[thread].spurious > 0 || self.is_notified(condvar, thread);
                may_wake && self.is_possible(thread, Op::Lock(lock))
            }
            Op::Take(object) => match &self.objects[object].object {
                Object::Condvar(queue) => queue.is_notified(thread),
                Object::Channel(channel) => channel.items() > 0 || channel.senders == 0,
                Object::Token(is_set) => *is_set || self.threads[thread].spurious > 0,
                Object::Once { done, .. } => *done,
                _ => true,
            },
            Op::Put(object) => match &self.objects[object].object {
                Object::Channel(channel) => channel.has_room() || !channel.has_receiver,
                _ => true,
            },
            Op::HandOver { channel, item } => match &self.objects[channel].object {
                Object::Channel(channel) => channel.taken > item || !channel.has_receiver,
                _ => true,
            },
            Op::Gather { barrier, arrivals } => match &self.objects[barrier].object {
                Object::Barrier { arrivals: come } => *come >= arrivals,
                _ => true,
            },
            Op::Join(other) => self.threads[other].ended,
            Op::Yield => false,
            Op::Settle => self.ids().all(|id| id == thread || !self.can_go_on(id)),
            Op::Read(_)
            | Op::Write(_)
            | Op::Unlock(_)
            | Op::Unshare(_)
            | Op::Wait { .. }
            | Op::Notify(_)
            | Op::Leave(_)
            | Op::Spawn(_) => true,
        }
    }

    /// The next step of each thread, by its number.
    fn next_ops(&self) -> Vec<Option<Op>> {
        let op = |next: Next| match next.op {
            Op::Spawn(_) => Op::Spawn(self.next_id()),
            // What is done is only looked at.
            Op::Lock(once) | Op::Take(once) if self.is_done(once) => Op::Read(once),
            op => op,
        };
        self.threads.iter().map(|thread| thread.next.map(op)).collect()
    }

    fn is_done(&self, once: ObjectId) -> bool {
        matches!(self.objects[once].object, Object::Once { done: true, .. })
    }

    pub fn ready(&self) -> Ready {
        let enabled = self.ids().filter(|&id| self.is_enabled(id));
        Ready { next: self.next_ops(), enabled: enabled.fold(0, |set, id| set | bit(id)) }
    }

    fn state(&self, thread: ThreadId) -> ThreadState {
        let Some(Next { op, at, .. }) = self.threads[thread].next else {
            return ThreadState::Ended;
        };
        if self.is_enabled(thread) {
            return ThreadState::Ready(at);
        }
        let awaits = self.awaits(thread, op);
        ThreadState::Blocked(Blocked { id: thread, name: self.name(thread), awaits, at })
    }

    /// What a thread waits for that cannot take its next step.
    fn awaits(&self, thread: ThreadId, op: Op) -> Awaited {
        if self.threads[thread].next.is_some_and(|next| next.limit == Limit::Later) {
            return Awaited::Change;
        }
        let name = |thread: ThreadId| self.threads[thread].name;
        let object = |object: ObjectId| self.objects[object].name;
        match op {
            Op::Wake { condvar, .. } if !self.is_notified(condvar, thread) => {
                Awaited::Notification(object(condvar))
            }
            Op::Join(other) => Awaited::End(name(other)),
            Op::Take(taken) => match &self.objects[taken].object {
                Object::Token(_) => Awaited::Unpark,
                Object::Once { .. } => Awaited::Value(object(taken)),
                _ => Awaited::Item(object(taken)),
            },
            Op::Put(channel) => Awaited::Room(object(channel)),
            Op::HandOver { channel, .. } => Awaited::Receiver(object(channel)),
            Op::Gather { barrier, .. } => Awaited::Others(object(barrier)),
            Op::Yield | Op::Settle => Awaited::Change,
            _ => {
                let lock = op.acquires().or(op.objects()[0]).expect("no other step has to wait");
                let holder = match &self.objects[lock].object {
                    Object::Lock(lock) => lock.holder(),
                    Object::Once { owner, .. } => *owner,
                    _ => None,
                };
                let owner = holder.map_or("nobody", name);
                Awaited::Lock { lock: object(lock), owner, is_own: holder == Some(thread) }
            }
        }
    }

    /// What a thread waits for, if it cannot take its next step.
    pub fn awaited(&self, thread: ThreadId) -> Option<Awaited> {
        let next = self.threads[thread].next?;
        (!self.is_enabled(thread)).then(|| self.awaits(thread, next.op))
    }

    /// A thread has ended, perhaps with a panic; a panic ends the execution.
    pub fn end_thread(&mut self, thread: ThreadId, panic: Option<String>) {
        self.progress += 1;
        self.looks.clear();
        let Thread { name, settings, token, .. } = self.threads[thread];
        let ended = true;
        self.threads[thread] = Thread { name, settings, token, ended, ..Thread::default() };
        if let Some(message) = panic
            && !self.is_over()
        {
            self.finish(Some(Fault::Panic { thread: name, message }));
        }
    }

    /// A thread panics. After the end it does not matter.
    pub fn note_panic(&mut self, thread: ThreadId, panic: Panicked) {
        if !self.is_over() {
            self.panics.push((thread, panic));
        }
    }

    /// A thread would abort the process: it sleeps for good instead, and the execution is over.
    pub fn abort(&mut self, thread: ThreadId, why: &str) {
        self.end_thread(thread, None);
        self.give_up(thread);
        if !self.is_over() {
            let last = self.panics.iter().rfind(|(of, _)| *of == thread);
            let message = last.map_or(String::new(), |(_, panic)| panic.message.clone());
            let (thread, why) = (self.name(thread), why.to_owned());
            self.finish(Some(Fault::Abort { thread, message, why }));
        }
        if let Some(ended) = &mut self.ended {
            ended.aborts = true;
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
        let outcome =
            fault.map_or_else(|| outcome(&threads, self.main_has_ended()), Outcome::Fault);
        let steps = self.steps.take().unwrap_or_default();
        let mut run = Run {
            steps,
            threads,
            polls: self.polls,
            wakes: self.wakes,
            // Each thread has a token, whether or not it parks.
            uses_objects: self.wakes
                || self.objects.iter().any(|entry| !matches!(entry.object, Object::Token(_))),
            panic: self.panics.first().map(|(_, panic)| panic.clone()),
            outcome,
        };
        for entry in &self.objects {
            if let Some(first) = entry.name.strip_suffix(" #1")
                && !matches!(entry.object, Object::Token(_))
            {
                run.number_first(first);
            }
        }
        self.ended = Some(Ended { run, next: self.next_ops(), aborts: false });
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

/// How an execution ends whose threads take no further step. What waits when main has ended
/// does not matter: the process ends with it.
fn outcome(threads: &[report::Thread], main_has_ended: bool) -> Outcome {
    let mut blocked = Vec::new();
    for thread in threads {
        match &thread.state {
            ThreadState::Ready(_) => return Outcome::Unfinished,
            ThreadState::Blocked(thread) => blocked.push(thread.clone()),
            ThreadState::Ended => {}
        }
    }
    let is_right = blocked.is_empty() || main_has_ended;
    if is_right { Outcome::Right } else { Outcome::Fault(Fault::Deadlock(blocked)) }
}
