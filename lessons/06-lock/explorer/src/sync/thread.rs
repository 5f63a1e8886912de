//! Threads that a thread starts and joins; both are steps.

use std::sync::{Arc, Mutex};

use crate::engine::{add_thread, lock, step};
use crate::op::{Op, ThreadId};

/// Starts a thread: a step.
///
/// # Panics
/// If there are too many threads, or the system refuses one.
#[track_caller]
pub fn spawn<T: Send + 'static>(
    name: &'static str,
    run: impl FnOnce() -> T + Send + 'static,
) -> JoinHandle<T> {
    let result = Arc::new(Mutex::new(None));
    let slot = Arc::clone(&result);
    let job = Box::new(move || {
        let returned = run();
        *lock(&slot) = Some(returned);
    });
    let thread = step(
        // The execution knows the number.
        Op::Spawn(0),
        |execution, _| add_thread(execution, name, job),
        |_| format!("start {name}"),
    );
    JoinHandle { thread, name, result }
}

/// A thread that can be joined.
#[derive(Debug)]
pub struct JoinHandle<T> {
    thread: ThreadId,
    name: &'static str,
    result: Arc<Mutex<Option<T>>>,
}

impl<T> JoinHandle<T> {
    /// Waits until the thread has ended: a step. Returns the thread's result.
    #[track_caller]
    pub fn join(self) -> T {
        step(Op::Join(self.thread), |_, _| {}, |()| format!("join {}", self.name));
        lock(&self.result).take().expect("a thread that panics ends the execution")
    }
}
