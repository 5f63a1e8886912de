//! Real threads that take steps one at a time. The thread that has the turn runs, all
//! others are parked. Before each step the scheduler chooses which thread has the turn next.

use std::cell::RefCell;
use std::panic::{self, AssertUnwindSafe, Location};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, Once, PoisonError};
use std::thread::{self, JoinHandle};

use common::panics;

use crate::execution::{CONTROLLER, Execution, Job, Object};
use crate::op::{ObjectId, Op, ThreadId};
use crate::scheduler::{MAX_THREADS, Scheduler};

/// What the threads of an exploration share.
pub(crate) struct Engine {
    execution: Mutex<Execution>,
    scheduler: Arc<Mutex<dyn Scheduler>>,
    /// The thread that has the turn.
    turn: AtomicUsize,
    /// By the number of the thread. They serve one execution after another.
    workers: Mutex<Vec<JoinHandle<()>>>,
    controller: thread::Thread,
}

/// Unwinds a thread whose execution is over.
struct Abandoned;

thread_local! {
    /// The exploration that this thread belongs to, and its number there.
    static CURRENT: RefCell<Option<(Arc<Engine>, ThreadId)>> = const { RefCell::new(None) };
}

/// Locks a mutex although a panic of the explored program may have poisoned it: that says
/// nothing about what is inside.
pub(crate) fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn with_current<R>(call: impl FnOnce(&Arc<Engine>, ThreadId) -> R) -> R {
    CURRENT.with_borrow(|current| {
        let (engine, me) = current.as_ref().expect("only an explored program has these");
        call(engine, *me)
    })
}

/// Adds an object to the execution that this thread belongs to.
///
/// # Panics
/// Outside of an explored program.
pub(crate) fn add_object(name: &'static str, object: Object) -> ObjectId {
    with_current(|engine, _| engine.execution().add_object(name, object))
}

/// Starts a thread in the execution that this thread belongs to. It runs up to its first
/// step before any other step is taken.
pub(crate) fn add_thread(execution: &mut Execution, name: &'static str, job: Job) -> ThreadId {
    let id = execution.next_id();
    with_current(|engine, _| engine.ensure_worker(id));
    execution.add_thread(name, job);
    id
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
    with_current(|engine, me| {
        let mut execution = engine.execution();
        // The controller runs while no thread does. A thread that unwinds keeps the turn.
        if me == CONTROLLER || thread::panicking() {
            return effect(&mut execution, me);
        }
        execution.arrive(me, op, at);
        execution = engine.wait_for_turn(me, execution);
        if execution.is_over() {
            drop(execution);
            panic::resume_unwind(Box::new(Abandoned));
        }
        let result = effect(&mut execution, me);
        execution.depart(me, || describe(&result));
        result
    })
}

impl Engine {
    /// Calls `within` with an engine whose controller is this thread.
    ///
    /// # Panics
    /// If `within` panics.
    pub fn enter<R>(
        scheduler: Arc<Mutex<dyn Scheduler>>,
        within: impl FnOnce(&Arc<Self>) -> R,
    ) -> R {
        silence_panics();
        let engine = Arc::new(Self {
            execution: Mutex::default(),
            scheduler,
            turn: AtomicUsize::new(CONTROLLER),
            workers: Mutex::default(),
            controller: thread::current(),
        });
        CURRENT.set(Some((Arc::clone(&engine), CONTROLLER)));
        let result = panic::catch_unwind(AssertUnwindSafe(|| within(&engine)));
        CURRENT.set(None);
        engine.end_workers();
        result.unwrap_or_else(|panic| panic!("exploration failed: {}", panics::message(&*panic)))
    }

    pub fn execution(&self) -> MutexGuard<'_, Execution> {
        lock(&self.execution)
    }

    /// Runs the threads of the execution until it is over.
    pub fn run(&self) {
        drop(self.wait_for_turn(CONTROLLER, self.execution()));
    }

    /// Gives the turn to the next thread, and waits until `me` has it again.
    fn wait_for_turn<'a>(
        &'a self,
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
        if !execution.is_over() {
            let next =
                execution.new_thread().or_else(|| lock(&self.scheduler).choose(&execution.ready()));
            if let Some(next) = next {
                return next;
            }
            execution.finish(None);
        }
        execution.live_thread().unwrap_or(CONTROLLER)
    }

    fn give_turn(&self, next: ThreadId) {
        // Before the turn is given: after it, the workers may be ended at any time.
        let thread = match next {
            CONTROLLER => self.controller.clone(),
            _ => lock(&self.workers)[next - 1].thread().clone(),
        };
        self.turn.store(next, Ordering::Release);
        thread.unpark();
    }

    fn park_until_turn(&self, me: ThreadId) {
        while self.turn.load(Ordering::Acquire) != me {
            thread::park();
        }
    }

    /// Makes sure that a worker has this number.
    fn ensure_worker(self: &Arc<Self>, number: ThreadId) {
        assert!(number <= MAX_THREADS, "an explored program has at most {MAX_THREADS} threads");
        let mut workers = lock(&self.workers);
        while workers.len() < number {
            let (engine, number) = (Arc::clone(self), workers.len() + 1);
            let worker = thread::Builder::new().name(format!("explorer {number}"));
            let worker = worker.spawn(move || engine.work(number));
            workers.push(worker.unwrap_or_else(|error| panic!("start thread {number}: {error}")));
        }
    }

    /// What a worker does: one job after another. A turn without a job ends it.
    fn work(self: Arc<Self>, me: ThreadId) {
        CURRENT.set(Some((Arc::clone(&self), me)));
        loop {
            self.park_until_turn(me);
            let mut execution = self.execution();
            let over = execution.is_over();
            let Some(job) = execution.take_job(me) else { return };
            drop(execution);
            // Even a job that is only dropped can panic.
            let result = panic::catch_unwind(AssertUnwindSafe(|| {
                if !over {
                    job()
                }
            }));
            let panic = result.err().filter(|panic| !panic.is::<Abandoned>());
            let mut execution = self.execution();
            execution.end_thread(me, panic.as_deref().map(panics::message));
            let next = self.next_turn(&mut execution);
            drop(execution);
            self.give_turn(next);
        }
    }

    fn end_workers(&self) {
        *self.execution() = Execution::default();
        let workers = std::mem::take(&mut *lock(&self.workers));
        for (index, worker) in workers.into_iter().enumerate() {
            self.turn.store(index + 1, Ordering::Release);
            worker.thread().unpark();
            worker.join().expect("a worker catches the panics of its jobs");
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
            // The variable is gone while the thread is torn down.
            let explored = CURRENT
                .try_with(|current| current.try_borrow().is_ok_and(|current| current.is_some()));
            if !explored.unwrap_or(false) {
                before(panic);
            }
        }));
    });
}
