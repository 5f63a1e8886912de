//! Real threads that take steps one at a time. The thread that has the turn runs, all
//! others are parked. Before each step the scheduler chooses which thread has the turn next.
//!
//! Nothing of the user's (`Drop`, `Clone`, `Debug`) runs while the execution is locked: it
//! may take steps of its own.

mod abort;
mod crew;
mod watch;

use std::cell::{Cell, RefCell};
use std::panic::{self, AssertUnwindSafe, Location, PanicHookInfo};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, Once, OnceLock, PoisonError, TryLockError, Weak};
use std::thread::{self, Thread};
use std::time::Duration;

use common::panics;
use nix::unistd::gettid;

use crate::execution::{CONTROLLER, Execution, Job, Limit, Object, Settings, TOO_MANY_THREADS};
use crate::names;
use crate::op::{Op, ThreadId};
use crate::report::Panicked;
use crate::scheduler::Scheduler;
pub(crate) use crew::Crew;
use crew::{Member, Tid};
use watch::Hang;
pub(crate) use watch::Watch;

/// How many milliseconds a thread waits for a lock before it concludes that it holds the lock
/// itself.
const OWN_AFTER: u32 = 10_000;

/// The exit status of a Rust program that panics.
const PANICKED: i32 = 101;

/// How far an exploration is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    /// The number of the execution.
    pub execution: u64,
    /// How often something has happened in it.
    pub progress: u64,
    /// The thread that has the turn.
    pub turn: ThreadId,
}

/// What the threads of one execution share.
pub(crate) struct Engine {
    /// No other execution of this process has it.
    number: u64,
    execution: Mutex<Execution>,
    scheduler: Arc<Mutex<dyn Scheduler>>,
    /// The thread that has the turn.
    turn: AtomicUsize,
    /// What runs the threads that were started, from number 1 on.
    members: Mutex<Vec<Member>>,
    controller: Thread,
    /// The ids of all threads that take part, for the watch: of those that have ended, too, since
    /// the controller waits until they have left the system.
    tids: Mutex<Vec<Tid>>,
    /// A thread that is parked for good has this engine for good, but not the crew.
    crew: Weak<Crew>,
}

/// Something that the program has made, by its number in the execution.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Handle {
    pub name: &'static str,
    id: usize,
    /// In any other execution the number means something else.
    execution: u64,
}

/// Unwinds a thread whose execution is over.
struct Abandoned;

/// Ends a `Debug` that takes a step: only a replay calls it, so its steps are not part of
/// the program.
struct StepInDebug;

/// The execution that a thread belongs to.
struct Current {
    engine: Arc<Engine>,
    /// The number of the thread.
    me: ThreadId,
    /// The job has returned; the thread-locals of the program are dropped next.
    is_ending: bool,
    /// The message of the panic that ended the job.
    panic: Option<String>,
}

thread_local! {
    /// A thread sets it before it runs anything of the program. So it is dropped after the
    /// thread-locals of the program, whose `Drop` may take steps.
    static CURRENT: RefCell<Option<Current>> = const { RefCell::new(None) };
    /// This thread describes a step.
    static IS_DESCRIBING: Cell<bool> = const { Cell::new(false) };
}

impl Current {
    /// This thread belongs to an execution from now on.
    fn enter(engine: &Arc<Engine>, me: ThreadId) {
        let (is_ending, panic) = (false, None);
        CURRENT.set(Some(Self { engine: Arc::clone(engine), me, is_ending, panic }));
    }
}

impl Drop for Current {
    fn drop(&mut self) {
        if self.me != CONTROLLER {
            self.engine.end_thread(self.me, self.panic.take());
        }
    }
}

/// Locks a mutex although a panic of the explored program may have poisoned it: that says
/// nothing about what is inside.
pub(crate) fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The execution that this thread belongs to, and its number there.
fn current() -> (Arc<Engine>, ThreadId) {
    let current = CURRENT.with_borrow(|current| {
        current.as_ref().map(|current| (Arc::clone(&current.engine), current.me))
    });
    current.unwrap_or_else(|| {
        if crew::leave_if_dismissed() {
            park_for_good();
        }
        panic!(
            "the locks, variables and threads of the explorer are for an explored program: \
             make and use them in the closure that the explorer runs, and start its threads with \
             explorer::thread"
        )
    })
}

/// Whether a panic must not leave the code that runs now: it would abort the process.
pub(crate) fn is_unwinding() -> bool {
    let is_ending = |current: &Option<Current>| current.as_ref().is_some_and(|it| it.is_ending);
    thread::panicking() || CURRENT.with_borrow(is_ending)
}

impl Handle {
    fn new(name: &'static str, id: usize) -> Self {
        Self { name, id, execution: current().0.number }
    }

    /// Its number in the execution that this thread belongs to. If it was made in another one,
    /// the program cannot be explored.
    pub fn id(self) -> usize {
        let is_foreign = |current: &Current| current.engine.number != self.execution;
        if CURRENT.with_borrow(|current| current.as_ref().is_some_and(is_foreign)) {
            refuse(format!(
                "{} was made in another execution: make it in the closure that prepares the \
                 program, or in one of its threads",
                self.name
            ));
        }
        self.id
    }
}

/// Ends the execution of this thread: the program cannot be explored.
fn refuse(why: String) -> ! {
    let (engine, me) = current();
    engine.execution().refuse(why.clone());
    if me == CONTROLLER {
        panic!("{why}");
    }
    give_up()
}

/// Adds an object to the execution that this thread belongs to.
///
/// # Panics
/// Outside of an explored program.
pub(crate) fn add_object(name: &'static str, object: Object) -> Handle {
    let id = current().0.execution().add_object(name, object);
    Handle::new(name, id)
}

/// Adds an object of this kind, which is called by its place in the source.
///
/// # Panics
/// Outside of an explored program.
pub(crate) fn add_object_at(
    at: &'static Location<'static>,
    kind: &'static str,
    object: Object,
) -> Handle {
    let (engine, _) = current();
    let mut execution = engine.execution();
    let mut name = names::of(kind, at);
    let namesakes = execution.namesakes(name);
    if namesakes > 0 {
        name = names::intern(format!("{name} #{namesakes}"));
    }
    let id = execution.add_object(name, object);
    drop(execution);
    Handle::new(name, id)
}

/// Starts a thread: a step.
#[track_caller]
pub(crate) fn spawn(settings: Settings, job: Job) -> Handle {
    assert!(
        current().1 != CONTROLLER,
        "only a thread can start {}: make the first threads with `program.thread`",
        settings.name.unwrap_or("another")
    );
    // The execution knows the number.
    let start = |execution: &mut Execution, me| {
        execution.act(me);
        let id = execution.add_thread(settings, job)?;
        Ok((id, execution.name(id)))
    };
    let describe = |started: &Result<(ThreadId, &'static str), Job>| match started {
        Ok((_, name)) => format!("start {name}"),
        Err(_) => "start one thread too many".to_owned(),
    };
    let Ok((id, name)) = step(Op::Spawn(0), start, describe) else { panic!("{TOO_MANY_THREADS}") };
    Handle::new(name, id)
}

/// The thread that runs, and the name that it was given.
pub(crate) fn this_thread() -> (Handle, Option<&'static str>) {
    let (engine, me) = current();
    let execution = engine.execution();
    let (name, given) = (execution.name(me), execution.given_name(me));
    drop(execution);
    (Handle::new(name, me), given)
}

/// Calls a function, and catches its panic. What unwinds the thread because its execution is
/// over goes on.
pub(crate) fn catch<R>(run: impl FnOnce() -> R) -> thread::Result<R> {
    let result = panic::catch_unwind(AssertUnwindSafe(run));
    if result.as_ref().is_err_and(|panic| panic.is::<Abandoned>()) {
        panic::resume_unwind(Box::new(Abandoned));
    }
    result
}

/// Whether the execution of this thread is over: threads are only unwound.
pub(crate) fn is_over() -> bool {
    current().0.execution().is_over()
}

/// Whether an object belongs to the execution of this thread.
pub(crate) fn is_here(object: Handle) -> bool {
    CURRENT.with_borrow(|current| {
        current.as_ref().is_some_and(|current| current.engine.number == object.execution)
    })
}

/// Changes something that no other thread can see: not a step.
pub(crate) fn change_silently(change: impl FnOnce(&mut Execution)) {
    change(&mut current().0.execution());
}

/// How much the threads of this execution share: how many steps were taken on locks, variables and
/// the like by other threads than the one that uses each of them most.
///
/// # Panics
/// Outside of an explored program.
pub fn shared_steps() -> usize {
    current().0.execution().shared_uses()
}

/// How many threads of this execution have not ended, besides the one that asks.
///
/// # Panics
/// Outside of an explored program.
pub fn other_threads() -> usize {
    let (engine, me) = current();
    engine.execution().threads_besides(me)
}

/// Waits until each other thread of this execution has ended or waits for something: a step. A
/// spurious wake-up that may come does not count.
///
/// # Panics
/// Outside of an explored program.
#[track_caller]
pub fn settle() {
    step(Op::Settle, |_, _| {}, |()| "all others wait".to_owned());
}

/// The object of a thread's token for `park`.
pub(crate) fn token_of(thread: Handle) -> usize {
    let id = thread.id();
    current().0.execution().token_of(id)
}

/// Lets the others go first.
#[track_caller]
pub(crate) fn yield_now() {
    let at = Location::caller();
    let (engine, me) = current();
    if engine.execution().has_to_yield(me, at) {
        let look_again = |execution: &mut Execution, me| execution.begin_round(me, at);
        limited_step_at(at, Op::Yield, Limit::Later, look_again, |()| "look again".to_owned());
    }
}

/// Takes a step at the caller's place in the source: waits for the turn, and then has its
/// effect. `describe` makes a text of the result.
#[track_caller]
pub(crate) fn step<R>(
    op: Op,
    effect: impl FnOnce(&mut Execution, ThreadId) -> R,
    describe: impl FnOnce(&R) -> String,
) -> R {
    step_at(Location::caller(), op, effect, describe)
}

/// Takes a step at this place in the source.
pub(crate) fn step_at<R>(
    at: &'static Location<'static>,
    op: Op,
    effect: impl FnOnce(&mut Execution, ThreadId) -> R,
    describe: impl FnOnce(&R) -> String,
) -> R {
    limited_step_at(at, op, Limit::Never, effect, describe)
}

/// Takes a step at the caller's place that waits for some time only, and then is possible
/// although nothing came. `effect` is told whether something did.
#[track_caller]
pub(crate) fn timed_step<R>(
    op: Op,
    effect: impl FnOnce(&mut Execution, ThreadId, bool) -> R,
    describe: impl FnOnce(&R) -> String,
) -> R {
    let at = Location::caller();
    let effect = |execution: &mut Execution, me| {
        let is_given = execution.is_given(me);
        if !is_given {
            execution.begin_round(me, at);
        }
        effect(execution, me, is_given)
    };
    limited_step_at(at, op, Limit::Now, effect, describe)
}

fn limited_step_at<R>(
    at: &'static Location<'static>,
    op: Op,
    limit: Limit,
    effect: impl FnOnce(&mut Execution, ThreadId) -> R,
    describe: impl FnOnce(&R) -> String,
) -> R {
    if IS_DESCRIBING.get() {
        panic::resume_unwind(Box::new(StepInDebug));
    }
    let (engine, me) = current();
    let mut execution = engine.take_turn(me, op, at, limit);
    let result = effect(&mut execution, me);
    let recorded = execution.depart(me);
    drop(execution);
    if let Some(step) = recorded {
        let description = described(|| describe(&result));
        engine.execution().set_description(step, description);
    }
    result
}

/// Makes a text, with the `Debug` of the program's values.
fn described(describe: impl FnOnce() -> String) -> String {
    IS_DESCRIBING.set(true);
    let text = panic::catch_unwind(AssertUnwindSafe(describe));
    IS_DESCRIBING.set(false);
    text.unwrap_or_else(|_| "(a Debug that panics or takes steps)".to_owned())
}

/// This thread belongs to no execution any more.
pub(crate) fn leave() {
    drop(CURRENT.take());
}

/// Parks this thread for good: its execution is over, and it can be neither unwound nor
/// run on. Only its memory is lost.
pub(crate) fn park_for_good() -> ! {
    loop {
        thread::park();
    }
}

/// Parks this thread for good, and lets the others end.
pub(crate) fn give_up() -> ! {
    let (engine, me) = current();
    let mut execution = engine.execution();
    if !execution.is_given_up(me) {
        execution.give_up(me);
        drop(execution);
        engine.pass_turn();
    }
    park_for_good()
}

impl Engine {
    /// Calls `within` with an engine whose controller is this thread.
    ///
    /// # Panics
    /// If `within` panics.
    pub fn enter<R>(
        watch: &Watch,
        crew: &Arc<Crew>,
        scheduler: Arc<Mutex<dyn Scheduler>>,
        execution: Execution,
        within: impl FnOnce(&Arc<Self>) -> R,
    ) -> R {
        static NEXT: AtomicU64 = AtomicU64::new(0);

        silence_panics();
        let engine = Arc::new(Self {
            number: NEXT.fetch_add(1, Ordering::Relaxed),
            execution: Mutex::new(execution),
            scheduler,
            turn: AtomicUsize::new(CONTROLLER),
            members: Mutex::default(),
            controller: thread::current(),
            tids: Mutex::new(vec![Arc::new(OnceLock::from(gettid()))]),
            crew: Arc::downgrade(crew),
        });
        Current::enter(&engine, CONTROLLER);
        *lock(&watch.current) = Some(Arc::clone(&engine));
        let result = panic::catch_unwind(AssertUnwindSafe(|| within(&engine)));
        *lock(&watch.current) = None;
        leave();
        result.unwrap_or_else(|panic| panic!("exploration failed: {}", panics::message(&*panic)))
    }

    pub fn execution(&self) -> MutexGuard<'_, Execution> {
        lock(&self.execution)
    }

    /// Locks the execution, unless this thread has it already: others have it for a moment only.
    fn execution_of_others(&self) -> Option<MutexGuard<'_, Execution>> {
        (0..OWN_AFTER).find_map(|_| match self.execution.try_lock() {
            Ok(execution) => Some(execution),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => {
                thread::sleep(Duration::from_millis(1));
                None
            }
        })
    }

    /// Runs the threads of the execution until it is over. Returns how many of them could not
    /// be unwound, and stay parked.
    pub fn run(self: &Arc<Self>) -> usize {
        self.pass_turn();
        self.park_until_turn(CONTROLLER);
        let mut execution = self.execution();
        execution.give_up_rest();
        let members = std::mem::take(&mut *lock(&self.members));
        let (given_up, ended): (Vec<_>, Vec<_>) =
            (1..).zip(members).partition(|&(thread, _)| execution.is_given_up(thread));
        drop(execution);
        let crew = self.crew();
        ended.into_iter().for_each(|(_, member)| crew.take_back(member));
        given_up.len()
    }

    /// How far it is.
    pub fn place(&self) -> Place {
        let progress = self.execution().progress();
        Place { execution: self.number, progress, turn: self.turn.load(Ordering::Acquire) }
    }

    /// The ids of the controller and of the threads that take part, by their numbers.
    pub fn tids(&self) -> Vec<Tid> {
        lock(&self.tids).clone()
    }

    /// Ends the execution, if it is still at this place: the thread that has the turn does not
    /// come to its next step. It cannot be stopped, so it is left behind, and all others stay
    /// parked: they may wait for it in a `Drop`. If it comes to a step later, it parks as well.
    ///
    /// The controller runs a closure that has borrowed from its caller, and cannot be left
    /// behind. So if it hangs, the process ends.
    pub fn abandon(&self, place: Place, hang: Hang) {
        let mut execution = self.execution();
        let thread = self.turn.load(Ordering::Acquire);
        let progress = execution.progress();
        if place != (Place { execution: self.number, progress, turn: thread }) {
            return;
        }
        let what = match hang {
            Hang::Runs => {
                "runs on and on without a step: \
                 a loop has to take one, such as the load of a variable of the explorer"
            }
            Hang::Waits => {
                "waits for something that no step gives it, such as a pipe, or a lock that is not \
                 one of the explorer's and that another thread has"
            }
        };
        if thread == CONTROLLER {
            eprintln!(
                "exploration failed: the closure that prepares the program, or the check at the \
                 end, {what}"
            );
            std::process::exit(PANICKED);
        }
        let name = execution.name(thread);
        let since = execution.last_step(thread).map_or_else(
            || "before its first step".to_owned(),
            |at| format!("after its step at {at}"),
        );
        execution.refuse(format!("{name}, {since}, {what}"));
        execution.give_up_rest();
        drop(execution);
        self.turn.store(CONTROLLER, Ordering::Release);
        self.controller.unpark();
    }

    fn crew(&self) -> Arc<Crew> {
        self.crew.upgrade().expect("the explorer keeps it until the execution is over")
    }

    /// Takes the turn for a step.
    fn take_turn(
        self: &Arc<Self>,
        me: ThreadId,
        op: Op,
        at: &'static Location<'static>,
        limit: Limit,
    ) -> MutexGuard<'_, Execution> {
        let mut execution = self.execution();
        if execution.is_given_up(me) {
            drop(execution);
            park_for_good();
        }
        execution.arrive(me, op, at, limit);
        if me == CONTROLLER {
            // It runs while no thread does.
            let Some(awaited) = execution.awaited(me) else { return execution };
            execution.depart(me);
            drop(execution);
            panic!("the check at the end waits for {awaited}");
        }
        if !execution.is_over() {
            execution = self.wait_for_turn(me, execution);
        }
        if execution.is_over() {
            return self.take_turn_after_end(me, op, execution);
        }
        execution
    }

    /// Takes the turn for a step after the end of the execution: unwinds the thread, or goes on
    /// with that, since a panic in a `Drop` would abort the process.
    fn take_turn_after_end<'a>(
        self: &'a Arc<Self>,
        me: ThreadId,
        op: Op,
        mut execution: MutexGuard<'a, Execution>,
    ) -> MutexGuard<'a, Execution> {
        if !execution.may_go_on(me) {
            drop(execution);
            give_up();
        }
        let is_in_drop = matches!(op, Op::Unlock(_) | Op::Unshare(_) | Op::Leave(_));
        if !is_unwinding() && !is_in_drop {
            execution.depart(me);
            drop(execution);
            panic::resume_unwind(Box::new(Abandoned));
        }
        while !execution.is_enabled(me) {
            execution = self.wait_for_turn(me, execution);
        }
        execution
    }

    /// Gives the turn to the next thread, and waits until `me` has it again.
    fn wait_for_turn<'a>(
        self: &'a Arc<Self>,
        me: ThreadId,
        mut execution: MutexGuard<'a, Execution>,
    ) -> MutexGuard<'a, Execution> {
        let next = self.next_turn(&mut execution);
        if next != me {
            drop(execution);
            self.give_turn(next);
            self.park_until_turn(me);
            execution = self.execution();
        }
        execution
    }

    /// Which thread has the turn next: a new thread, up to its first step; then the one that
    /// the scheduler chooses. After the end of the execution each thread that is left has
    /// the turn to unwind, and finally the controller.
    fn next_turn(&self, execution: &mut Execution) -> ThreadId {
        if !execution.is_over()
            && let Some(next) = execution.new_thread()
        {
            return next;
        }
        if !execution.is_over() {
            let mut ready = execution.ready();
            if ready.enabled == 0 && execution.look_again() {
                ready = execution.ready();
            }
            // The threads may have no end.
            if !execution.is_over() {
                if let Some(next) = lock(&self.scheduler).choose(&ready) {
                    return next;
                }
                execution.finish(None);
            }
        }
        execution.thread_to_unwind().unwrap_or(CONTROLLER)
    }

    fn pass_turn(self: &Arc<Self>) {
        let next = self.next_turn(&mut self.execution());
        self.give_turn(next);
    }

    /// Gives the turn to a thread, and starts it if it is new.
    fn give_turn(self: &Arc<Self>, next: ThreadId) {
        let members = lock(&self.members);
        if next > members.len() {
            return self.start(next, members);
        }
        // Before the turn is given: after it, the execution may end at any time.
        let thread = match next {
            CONTROLLER => self.controller.clone(),
            _ => members[next - 1].handle().clone(),
        };
        drop(members);
        self.turn.store(next, Ordering::Release);
        thread.unpark();
    }

    /// Starts a thread, which has the turn. Threads are started in the order of their numbers.
    fn start(self: &Arc<Self>, next: ThreadId, mut members: MutexGuard<Vec<Member>>) {
        let execution = self.execution();
        let (name, stack) = (execution.name(next), execution.stack(next));
        drop(execution);
        self.turn.store(next, Ordering::Release);
        // The crew is let go before the execution can end.
        let started = self.crew().start(self, (next, name, stack));
        match started {
            Ok(member) => {
                lock(&self.tids).push(member.tid());
                members.push(member);
            }
            Err(error) => {
                drop(members);
                self.execution().refuse(format!("start thread {next}: {error}"));
                self.turn.store(CONTROLLER, Ordering::Release);
                self.controller.unpark();
            }
        }
    }

    fn park_until_turn(&self, me: ThreadId) {
        while self.turn.load(Ordering::Acquire) != me {
            thread::park();
        }
    }

    /// What a thread does. The thread has ended when it [leaves](leave) or when its
    /// thread-locals are dropped.
    pub fn work(self: &Arc<Self>, me: ThreadId) {
        Current::enter(self, me);
        let mut execution = self.execution();
        let over = execution.is_over();
        let job = execution.take_job(me);
        drop(execution);
        // Even a job that is only dropped can panic.
        let result = panic::catch_unwind(AssertUnwindSafe(move || match job {
            Some(job) if !over => job(),
            unused => drop(unused),
        }));
        let panic = result.err().and_then(|payload| {
            let message = panics::message(&*payload).to_owned();
            let message = (!payload.is::<Abandoned>()).then_some(message);
            // The payload may panic in its `Drop`, and so may the payload of that panic.
            let dropped = panic::catch_unwind(AssertUnwindSafe(|| drop(payload)));
            dropped.unwrap_or_else(std::mem::forget);
            message
        });
        CURRENT.with_borrow_mut(|current| {
            let current = current.as_mut().expect("it was set above");
            (current.is_ending, current.panic) = (true, panic);
        });
    }

    /// A thread has ended: the next one has the turn.
    fn end_thread(self: &Arc<Self>, me: ThreadId, panic: Option<String>) {
        let mut execution = self.execution();
        if !execution.is_given_up(me) {
            execution.end_thread(me, panic);
            drop(execution);
            self.pass_turn();
        }
    }
}

/// Prints no message for a panic in an explored program: it may panic in thousands of
/// orders.
fn silence_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            if !is_of_program(panic) {
                before(panic);
            }
        }));
    });
}

/// Whether a panic is one of an explored program. It is noted, if it is the first one of its
/// execution.
///
/// Where it aborts the process, because a thread panics in a `Drop` while another panic unwinds
/// it, the thread sleeps for good instead. That ends its execution with a fault, unless it is over
/// already.
fn is_of_program(panic: &PanicHookInfo) -> bool {
    // The variable is gone while the thread is torn down.
    let current = CURRENT.try_with(|current| {
        let current = current.try_borrow().ok()?;
        current.as_ref().map(|it| (Arc::clone(&it.engine), it.me, it.is_ending))
    });
    let Some((engine, me, is_ending)) = current.ok().flatten() else {
        // A thread-local of the program may panic when all executions are over.
        let is_dismissed = crew::leave_if_dismissed();
        if is_dismissed {
            abort::sleep_instead();
        }
        return is_dismissed;
    };
    let message = panics::message(panic.payload());
    let aborts = abort::is_next(message);
    if me == CONTROLLER {
        return !aborts;
    }
    // A panic of the explorer's own may have it.
    let Some(mut execution) = engine.execution_of_others() else { return false };
    if !aborts {
        let at =
            panic.location().map_or(("", 0), |at| (names::intern(at.file().to_owned()), at.line()));
        execution.note_panic(me, Panicked { message: message.to_owned(), at });
    }
    if (aborts || is_ending) && !execution.is_given_up(me) {
        let why = if is_ending { "in the `Drop` of a thread-local" } else { message };
        execution.abort(me, why);
        drop(execution);
        abort::sleep_instead();
        engine.pass_turn();
    }
    true
}
