//! Tasks that were submitted together, and their results as they arrive.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crossbeam::channel::Sender;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::TaskError;
use super::flow::{Kind, Writer};

/// What can be an argument of a task.
pub trait Argument: Serialize + Send + Sync + 'static {}
impl<A: Serialize + Send + Sync + 'static> Argument for A {}

/// What can be a result of a task.
pub trait Output: DeserializeOwned + Send + 'static {}
impl<R: DeserializeOwned + Send + 'static> Output for R {}

/// A part of a job, as it is given to a worker.
#[derive(Clone)]
pub struct Chunk {
    pub job: Arc<dyn Job>,
    /// The first of its tasks.
    pub first: usize,
    /// How many tasks it has.
    pub count: usize,
    /// How many workers have died of the first one.
    pub deaths: u32,
}

/// What the manager sees of a job, whose types it does not know.
pub trait Job: Send + Sync {
    /// The index of its function in the pool's list.
    fn function(&self) -> usize;

    /// Writes the arguments of at most `limit` tasks from `first` on, as long as they fit.
    /// Returns how many it wrote.
    fn put_arguments(&self, first: usize, limit: usize, flow: &mut Writer) -> usize;

    /// The argument of a task as bytes, or why it cannot be converted.
    fn argument(&self, task: usize) -> Result<Vec<u8>, String>;

    /// Takes the small results of at most `limit` tasks from `first` on. Returns how many
    /// it took and their length in bytes. `None` if one of them cannot be read: this
    /// becomes that task's error, and the bytes after it are lost.
    fn take_small(&self, first: usize, limit: usize, bytes: &[u8]) -> Option<(usize, usize)>;

    /// Takes the result of a task, unless it has one.
    fn take(&self, task: usize, result: Result<&[u8], TaskError>);
}

/// A job with its arguments.
pub struct Batch<A, R> {
    pub function: usize,
    pub arguments: Vec<A>,
    pub results: Arc<Results<R>>,
}

impl<A: Argument, R: Output> Job for Batch<A, R> {
    fn function(&self) -> usize {
        self.function
    }

    fn put_arguments(&self, first: usize, limit: usize, flow: &mut Writer) -> usize {
        flow.put_all(&self.arguments[first..first + limit])
    }

    fn argument(&self, task: usize) -> Result<Vec<u8>, String> {
        postcard::to_stdvec(&self.arguments[task]).map_err(|why| why.to_string())
    }

    fn take_small(&self, first: usize, limit: usize, bytes: &[u8]) -> Option<(usize, usize)> {
        let mut state = self.results.state();
        let mut rest = bytes;
        let mut taken = 0;
        let mut readable = true;
        while readable && taken < limit && rest.first() == Some(&(Kind::Small as u8)) {
            let result = match postcard::take_from_bytes(&rest[1..]) {
                Ok((value, after)) => {
                    rest = after;
                    Ok(value)
                }
                Err(why) => {
                    readable = false;
                    Err(TaskError::Unreadable(why.to_string()))
                }
            };
            state.results[first + taken] = Some(result);
            taken += 1;
        }
        self.results.arrived(&mut state, taken);
        readable.then(|| (taken, bytes.len() - rest.len()))
    }

    fn take(&self, task: usize, result: Result<&[u8], TaskError>) {
        let result = result.and_then(|bytes| {
            postcard::from_bytes(bytes).map_err(|why| TaskError::Unreadable(why.to_string()))
        });
        let mut state = self.results.state();
        // It may have one, and all of them may have been returned already: a worker whose
        // result cannot be read is killed, and its death is reported for the same task.
        if let Some(slot @ None) = state.results.get_mut(task) {
            *slot = Some(result);
            self.results.arrived(&mut state, 1);
        }
    }
}

/// The results of a job.
pub struct Results<R> {
    state: Mutex<State<R>>,
    complete: Condvar,
    /// Where to report that all of them have arrived, and the number to send there.
    done: Option<(Sender<usize>, usize)>,
}

struct State<R> {
    results: Vec<Option<Result<R, TaskError>>>,
    missing: usize,
}

impl<R> Results<R> {
    pub fn new(tasks: usize, done: Option<(Sender<usize>, usize)>) -> Self {
        let results = std::iter::repeat_with(|| None).take(tasks).collect();
        let state = Mutex::new(State { results, missing: tasks });
        Self { state, complete: Condvar::new(), done }
    }

    /// Waits until all results have arrived, and takes them.
    pub fn wait(&self) -> Vec<Result<R, TaskError>> {
        let state = self.complete.wait_while(self.state(), |state| state.missing > 0);
        let mut state = state.unwrap_or_else(PoisonError::into_inner);
        let results = std::mem::take(&mut state.results).into_iter();
        results.map(|result| result.expect("none is missing")).collect()
    }

    /// Whether all results have arrived.
    pub fn are_complete(&self) -> bool {
        self.state().missing == 0
    }

    fn state(&self) -> MutexGuard<'_, State<R>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn arrived(&self, state: &mut State<R>, results: usize) {
        state.missing -= results;
        if state.missing == 0 {
            self.complete.notify_all();
            if let Some((done, number)) = &self.done {
                // It fails if the receiver no longer wants the results.
                let _ = done.send(*number);
            }
        }
    }
}
