//! Tasks that were submitted together, and their results as they come.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crossbeam::channel::Sender;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::TaskError;
use super::flow::{Kind, Writer};

/// A part of a job, as it is given to a worker.
#[derive(Clone)]
pub struct Chunk {
    pub job: Arc<dyn Job>,
    /// The first of its tasks.
    pub first: usize,
    /// How many there are.
    pub count: usize,
    /// How often a worker has died of the first one.
    pub deaths: u32,
}

/// A job whatever its types are: what the manager sees of it.
pub trait Job: Send + Sync {
    /// Which of the pool's functions.
    fn function(&self) -> usize;

    /// Writes the arguments of at most `most` tasks from `first` on, as long as there is
    /// room. Returns how many.
    fn put_arguments(&self, first: usize, most: usize, flow: &mut Writer) -> usize;

    /// The argument of a task as bytes, or why there are none.
    fn argument(&self, task: usize) -> Result<Vec<u8>, String>;

    /// Takes small results of at most `most` tasks from `first` on. Returns how many
    /// there were, and how many bytes they took; `None` if one cannot be read, which then
    /// is an error of that task.
    fn take_small(&self, first: usize, most: usize, bytes: &[u8]) -> Option<(usize, usize)>;

    /// Takes the result of a task.
    fn take(&self, task: usize, result: Result<&[u8], TaskError>);

    /// Notes that it begins, and cannot be cancelled any more; false if it was.
    fn begin(&self) -> bool;
}

/// A job with its arguments.
pub struct Batch<A, R> {
    function: usize,
    arguments: Vec<A>,
    results: Arc<Results<R>>,
}

impl<A, R> Batch<A, R> {
    pub fn new(function: usize, arguments: Vec<A>, done: Option<(Sender<usize>, usize)>) -> Self {
        let results = Arc::new(Results::new(arguments.len(), done));
        Self { function, arguments, results }
    }

    /// Its results.
    pub fn results(&self) -> Arc<Results<R>> {
        self.results.clone()
    }
}

impl<A, R> Job for Batch<A, R>
where
    A: Serialize + Send + Sync,
    R: DeserializeOwned + Send,
{
    fn function(&self) -> usize {
        self.function
    }

    fn put_arguments(&self, first: usize, most: usize, flow: &mut Writer) -> usize {
        flow.put_all(&self.arguments[first..first + most])
    }

    fn argument(&self, task: usize) -> Result<Vec<u8>, String> {
        postcard::to_stdvec(&self.arguments[task]).map_err(|why| why.to_string())
    }

    fn take_small(&self, first: usize, most: usize, bytes: &[u8]) -> Option<(usize, usize)> {
        let mut state = self.results.state();
        let mut rest = bytes;
        let mut taken = 0;
        while taken < most && rest.first() == Some(&(Kind::Small as u8)) {
            let result = postcard::take_from_bytes(&rest[1..]);
            taken += 1;
            match result {
                Ok((value, behind)) => {
                    state.results[first + taken - 1] = Some(Ok(value));
                    rest = behind;
                }
                Err(why) => {
                    let why = TaskError::Unreadable(why.to_string());
                    state.results[first + taken - 1] = Some(Err(why));
                    self.results.came(&mut state, taken);
                    return None;
                }
            }
        }
        self.results.came(&mut state, taken);
        Some((taken, bytes.len() - rest.len()))
    }

    fn take(&self, task: usize, result: Result<&[u8], TaskError>) {
        let result = result.and_then(|bytes| {
            postcard::from_bytes(bytes).map_err(|why| TaskError::Unreadable(why.to_string()))
        });
        let mut state = self.results.state();
        // It may have one, and may even have been taken: a result that cannot be read is
        // an error, and then its worker dies.
        if let Some(slot @ None) = state.results.get_mut(task) {
            *slot = Some(result);
            self.results.came(&mut state, 1);
        }
    }

    fn begin(&self) -> bool {
        let mut state = self.results.state();
        state.begun = !state.cancelled;
        state.begun
    }
}

/// The results of a job.
pub struct Results<R> {
    state: Mutex<State<R>>,
    changed: Condvar,
    /// Where to tell that all of them have come, and as what.
    done: Option<(Sender<usize>, usize)>,
}

struct State<R> {
    results: Vec<Option<Result<R, TaskError>>>,
    left: usize,
    begun: bool,
    cancelled: bool,
}

impl<R> Results<R> {
    fn new(tasks: usize, done: Option<(Sender<usize>, usize)>) -> Self {
        let results = std::iter::repeat_with(|| None).take(tasks).collect();
        let state = State { results, left: tasks, begun: false, cancelled: false };
        Self { state: Mutex::new(state), changed: Condvar::new(), done }
    }

    /// Waits until all results have come, and takes them; `None` if that takes longer
    /// than the time that is given.
    pub fn wait(&self, time: Option<Duration>) -> Option<Vec<Result<R, TaskError>>> {
        let until = time.map(|time| Instant::now() + time);
        let mut state = self.state();
        while state.left > 0 {
            state = match until.map(|until| until.saturating_duration_since(Instant::now())) {
                None => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(Duration::ZERO) => return None,
                Some(left) => {
                    let woken = self.changed.wait_timeout(state, left);
                    woken.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
        std::mem::take(&mut state.results).into_iter().collect()
    }

    /// Whether all results have come.
    pub fn is_done(&self) -> bool {
        self.state().left == 0
    }

    /// Cancels the tasks, unless a worker has got them already.
    pub fn cancel(&self) -> bool {
        let mut state = self.state();
        if state.begun || state.left == 0 {
            return false;
        }
        state.cancelled = true;
        state.results.fill_with(|| Some(Err(TaskError::Cancelled)));
        let came = state.left;
        self.came(&mut state, came);
        true
    }

    /// Nobody panics while holding it: the tasks run elsewhere.
    fn state(&self) -> MutexGuard<'_, State<R>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn came(&self, state: &mut State<R>, results: usize) {
        state.left -= results;
        if state.left == 0 {
            self.changed.notify_all();
            if let Some((done, number)) = &self.done {
                // Whoever was to be told has gone.
                let _ = done.send(*number);
            }
        }
    }
}
