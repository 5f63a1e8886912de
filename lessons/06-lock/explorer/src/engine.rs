//! Real threads that take steps one at a time. Whoever has the turn runs, all others are
//! parked; before a step it is chosen who has the turn next.

use std::panic::{self, AssertUnwindSafe, Location};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use super::current::{catch_messages, message, set_current, with_current};
use super::op::{Op, ThreadId};
use super::report::Fault;
use super::search::{MOST_THREADS, Ready, bit};
use super::state::{CONTROLLER, Chooser, End, State, Step};

/// What the threads of an exploration share.
pub(super) struct Engine {
    state: Mutex<State>,
    turn: AtomicUsize,
    /// By the number of the thread; they stay from one execution to the next.
    crew: Mutex<Vec<JoinHandle<()>>>,
    controller: thread::Thread,
}

/// Unwinds a thread whose execution is over before it has ended.
struct Abandoned;

/// Takes a step: waits for its turn, and does what the step does.
pub(super) fn step<R>(
    op: Op,
    at: &'static Location<'static>,
    effect: impl FnOnce(&mut State) -> R,
) -> R {
    with_current(|engine, me| {
        let mut state = engine.state();
        if me == CONTROLLER {
            // What is done before the threads begin and after they have ended is not told.
            let steps = state.steps.take();
            let result = effect(&mut state);
            state.steps = steps;
            return result;
        }
        // A thread that unwinds has the turn, and its execution is over.
        if !thread::panicking() {
            let next = match state.come(me, (op, at)) {
                true => me,
                false => state.arriving.pop().unwrap_or_else(|| state.choose()),
            };
            if next != me {
                engine.give_turn(state, next);
                engine.wait_for_turn(me);
                state = engine.state();
            }
            if state.end != End::NotYet {
                drop(state);
                panic::resume_unwind(Box::new(Abandoned));
            }
            state.taken(me);
        }
        effect(&mut state)
    })
}

impl State {
    /// Who has the turn next: whoever is chosen, or else those that must be unwound, or
    /// the controller.
    fn choose(&mut self) -> ThreadId {
        if self.end == End::NotYet {
            let next = self.next_ops();
            let enabled = self.ids().filter(|&id| self.is_enabled(id));
            let enabled = enabled.fold(0, |all, id| all | bit(id));
            let ready = Ready { next: &next, enabled };
            let chosen = match &mut self.chooser {
                Chooser::Search(search) => search.choose(&ready),
                Chooser::Replay(replay) => replay.choose(&ready),
            };
            if let Some(chosen) = chosen {
                return chosen;
            }
            self.finish(match () {
                () if enabled != 0 => End::Stopped,
                () if self.all_ended() => End::Complete,
                () => End::Fault(self.deadlock()),
            });
        }
        self.ids().find(|&id| !self.threads[id].ended).unwrap_or(CONTROLLER)
    }

    /// Notes that a thread has ended, and how.
    fn ended(&mut self, thread: ThreadId, result: thread::Result<()>) {
        self.threads[thread].ended = true;
        self.threads[thread].next = None;
        if let Err(panic) = result
            && !panic.is::<Abandoned>()
            && self.end == End::NotYet
        {
            let name = self.threads[thread].name;
            self.finish(End::Fault(Fault::Panic { thread: name, message: message() }));
        }
    }

    /// Notes that a thread takes its next step.
    fn taken(&mut self, thread: ThreadId) {
        let (op, at) = self.threads[thread].next.take().expect("it came to a step");
        if let Some(steps) = &mut self.steps {
            steps.push(Step { thread, op, at, told: String::new() });
        }
    }
}

impl Engine {
    /// An engine whose controller is this thread, as long as `within` runs.
    pub fn enter<R>(state: State, within: impl FnOnce(&Arc<Self>) -> R) -> R {
        catch_messages();
        let engine = Arc::new(Self {
            state: Mutex::new(state),
            turn: AtomicUsize::new(CONTROLLER),
            crew: Mutex::new(Vec::new()),
            controller: thread::current(),
        });
        set_current(Some((Arc::clone(&engine), CONTROLLER)));
        let result = panic::catch_unwind(AssertUnwindSafe(|| within(&engine)));
        set_current(None);
        engine.dismiss();
        result.unwrap_or_else(|_| panic!("the program that is explored panicked: {}", message()))
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        // A panic of the program that is explored says nothing about the state.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs the threads of the state until the execution is over.
    pub fn run(self: &Arc<Self>) {
        let mut state = self.state();
        let threads = state.ids();
        for thread in threads.clone() {
            self.hire(thread);
        }
        let first = if threads.is_empty() || state.foresee(threads.clone()) {
            state.choose()
        } else {
            // Each comes to its first step, in turn, before the first choice.
            state.arriving = threads.skip(1).rev().collect();
            1
        };
        if first != CONTROLLER {
            self.give_turn(state, first);
            self.wait_for_turn(CONTROLLER);
        }
    }

    /// Runs a new thread, in the middle of an execution, until it comes to its first step.
    pub fn begin(self: &Arc<Self>, new: ThreadId, maker: ThreadId) {
        self.hire(new);
        let mut state = self.state();
        if state.foresee(new..new + 1) {
            return;
        }
        state.arriving.push(maker);
        self.give_turn(state, new);
        self.wait_for_turn(maker);
        if self.state().end != End::NotYet {
            panic::resume_unwind(Box::new(Abandoned));
        }
    }

    /// Sees to it that there is a thread of this number.
    fn hire(self: &Arc<Self>, number: ThreadId) {
        assert!(
            number <= MOST_THREADS,
            "a program that is explored has {MOST_THREADS} threads at most"
        );
        let mut crew = self.crew.lock().unwrap_or_else(PoisonError::into_inner);
        while crew.len() < number {
            let (engine, number) = (Arc::clone(self), crew.len() + 1);
            let thread = thread::Builder::new().name(format!("explorer {number}"));
            let thread = thread.spawn(move || engine.work(number));
            crew.push(thread.unwrap_or_else(|why| panic!("start thread {number}: {why}")));
        }
    }

    fn give_turn(&self, state: MutexGuard<'_, State>, next: ThreadId) {
        drop(state);
        let thread = match next {
            CONTROLLER => self.controller.clone(),
            _ => {
                let crew = self.crew.lock().unwrap_or_else(PoisonError::into_inner);
                crew[next - 1].thread().clone()
            }
        };
        self.turn.store(next, Ordering::Release);
        thread.unpark();
    }

    fn wait_for_turn(&self, me: ThreadId) {
        while self.turn.load(Ordering::Acquire) != me {
            thread::park();
        }
    }

    /// What a thread of the crew does: one job after the other, until it is dismissed.
    fn work(self: Arc<Self>, me: ThreadId) {
        set_current(Some((Arc::clone(&self), me)));
        loop {
            self.wait_for_turn(me);
            let mut state = self.state();
            let over = state.end != End::NotYet;
            let Some(job) = state.threads.get_mut(me).and_then(|thread| thread.job.take()) else {
                return;
            };
            drop(state);
            // Dropping what it never came to run can panic, too.
            let result = panic::catch_unwind(AssertUnwindSafe(|| {
                if !over {
                    job()
                }
            }));
            let mut state = self.state();
            state.ended(me, result);
            let next = state.arriving.pop().unwrap_or_else(|| state.choose());
            self.give_turn(state, next);
        }
    }

    fn dismiss(&self) {
        let threads = {
            let mut state = self.state();
            state.threads.clear();
            std::mem::take(&mut *self.crew.lock().unwrap_or_else(PoisonError::into_inner))
        };
        for (number, thread) in threads.into_iter().enumerate() {
            self.turn.store(number + 1, Ordering::Release);
            thread.thread().unpark();
            thread.join().expect("a thread of the crew catches the panics of its jobs");
        }
    }
}
