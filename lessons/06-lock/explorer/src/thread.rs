//! Threads that a thread makes and waits for; both are steps.

use std::panic::Location;
use std::sync::{Arc, Mutex, PoisonError};

use super::current::with_current;
use super::engine::step;
use super::op::{Op, ThreadId};

/// Makes a thread: a step.
///
/// # Panics
/// If there are too many threads, or the system refuses one.
#[track_caller]
pub fn spawn<T: Send + 'static>(
    name: &'static str,
    run: impl FnOnce() -> T + Send + 'static,
) -> JoinHandle<T> {
    let result = Arc::new(Mutex::new(None));
    let place = Arc::clone(&result);
    let job = Box::new(move || {
        let returned = run();
        *place.lock().unwrap_or_else(PoisonError::into_inner) = Some(returned);
    });
    let thread = step(Op::Spawn(0), Location::caller(), |state| {
        state.tell(|| format!("start {name}"));
        state.add_thread(name, job)
    });
    with_current(|engine, me| engine.begin(thread, me));
    JoinHandle { thread, name, result }
}

/// A thread that can be waited for.
#[derive(Debug)]
pub struct JoinHandle<T> {
    thread: ThreadId,
    name: &'static str,
    result: Arc<Mutex<Option<T>>>,
}

impl<T> JoinHandle<T> {
    /// Waits until the thread has ended: a step. Returns what it returned.
    #[track_caller]
    pub fn join(self) -> T {
        step(Op::Join(self.thread), Location::caller(), |state| {
            state.tell(|| format!("join {}", self.name));
        });
        let mut result = self.result.lock().unwrap_or_else(PoisonError::into_inner);
        result.take().expect("a thread that panics ends the execution")
    }
}
