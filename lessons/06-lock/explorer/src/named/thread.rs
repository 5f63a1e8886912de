//! Threads with names that a thread starts and joins; both are steps.

use std::any::Any;
use std::sync::{Arc, Mutex};

use crate::engine::{self, Handle, lock, step};
use crate::execution::Settings;
use crate::op::Op;

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
    JoinHandle { thread: engine::spawn(Settings { name: Some(name), stack: 0 }, job), result }
}

/// A thread that can be joined.
#[derive(Debug)]
pub struct JoinHandle<T> {
    thread: Handle,
    result: Arc<Mutex<Option<T>>>,
}

impl<T> JoinHandle<T> {
    /// Waits until the thread has ended: a step. Returns the thread's result.
    #[track_caller]
    pub fn join(self) -> T
    where
        T: 'static,
    {
        step(Op::Join(self.thread.id()), |_, _| {}, |()| format!("join {}", self.thread.name));
        let result = lock(&self.result).take();
        result.unwrap_or_else(without_result)
    }
}

/// What joining a thread returns that did not come to its result. The execution is over then,
/// and this thread unwinds: a panic would abort the process.
fn without_result<T: 'static>() -> T {
    let nothing: Box<dyn Any> = Box::new(());
    nothing.downcast().map_or_else(|_| engine::give_up(), |nothing| *nothing)
}
