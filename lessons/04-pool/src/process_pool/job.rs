//! Tasks that were submitted together, and their results as they come.

use std::ops::Range;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crossbeam::channel::Sender;
use serde::de::DeserializeOwned;

use super::TaskError;
use super::results::Kind;

/// A part of a job, as it is given to a worker.
#[derive(Clone)]
pub struct Chunk {
    pub job: Arc<dyn Job>,
    /// The first of its tasks.
    pub first: usize,
    /// How many there are.
    pub count: usize,
    /// Where their arguments stand in the job's.
    pub arguments: Range<usize>,
    /// How often a worker has died of the first one.
    pub deaths: u32,
}

impl Chunk {
    /// Its first task and the others, whose arguments are so many bytes.
    pub fn split_first(mut self, others: usize) -> (Chunk, Chunk) {
        let second = self.arguments.end - others;
        let rest = Chunk {
            first: self.first + 1,
            count: self.count - 1,
            arguments: second..self.arguments.end,
            deaths: 0,
            job: self.job.clone(),
        };
        self.count = 1;
        self.arguments.end = second;
        (self, rest)
    }
}

/// A job whatever the type of its results is: what the manager sees of it.
pub trait Job: Send + Sync {
    /// Which of the pool's functions.
    fn function(&self) -> usize;

    /// The arguments of all its tasks, one after the other.
    fn arguments(&self) -> &[u8];

    /// Takes small results of at most `most` tasks from `first` on. Returns how many
    /// there were, and how many bytes they took; `None` if one cannot be read, which then
    /// is an error of that task.
    fn take_small(&self, first: usize, most: usize, bytes: &[u8]) -> Option<(usize, usize)>;

    /// Takes the result of a task.
    fn take(&self, task: usize, result: Result<&[u8], TaskError>);

    /// Whether it was cancelled; from then on it begins, and cannot be any more.
    fn begin(&self) -> bool;
}

/// A job with results of one type.
pub struct Batch<R> {
    function: usize,
    arguments: Vec<u8>,
    tasks: usize,
    state: Mutex<State<R>>,
    changed: Condvar,
    /// Where to tell that all results have come, and as what.
    done: Option<(Sender<usize>, usize)>,
}

struct State<R> {
    results: Vec<Option<Result<R, TaskError>>>,
    left: usize,
    begun: bool,
    cancelled: bool,
}

impl<R> Batch<R> {
    pub fn new(
        function: usize,
        arguments: Vec<u8>,
        tasks: usize,
        done: Option<(Sender<usize>, usize)>,
    ) -> Self {
        let results = std::iter::repeat_with(|| None).take(tasks).collect();
        let state = State { results, left: tasks, begun: false, cancelled: false };
        Self { function, arguments, tasks, state: Mutex::new(state), changed: Condvar::new(), done }
    }

    /// How many tasks there are.
    pub fn tasks(&self) -> usize {
        self.tasks
    }

    /// Waits until all results have come, and takes them; `None` if that takes longer
    /// than the time that is given, or they were taken already.
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

    /// Cancels it, unless a worker has got it already.
    pub fn cancel(&self) -> bool {
        let mut state = self.state();
        if state.begun || state.left == 0 {
            return false;
        }
        state.cancelled = true;
        for result in &mut state.results {
            *result = Some(Err(TaskError::Cancelled));
        }
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

impl<R: DeserializeOwned + Send> Job for Batch<R> {
    fn function(&self) -> usize {
        self.function
    }

    fn arguments(&self) -> &[u8] {
        &self.arguments
    }

    fn take_small(&self, first: usize, most: usize, bytes: &[u8]) -> Option<(usize, usize)> {
        let mut state = self.state();
        let mut rest = bytes;
        let mut taken = 0;
        while taken < most && rest.first() == Some(&(Kind::Small as u8)) {
            let (value, behind) = match postcard::take_from_bytes(&rest[1..]) {
                Ok(read) => read,
                Err(why) => {
                    let why = TaskError::Unreadable(why.to_string());
                    state.results[first + taken] = Some(Err(why));
                    self.came(&mut state, taken + 1);
                    return None;
                }
            };
            state.results[first + taken] = Some(Ok(value));
            rest = behind;
            taken += 1;
        }
        self.came(&mut state, taken);
        Some((taken, bytes.len() - rest.len()))
    }

    fn take(&self, task: usize, result: Result<&[u8], TaskError>) {
        let result = result.and_then(|bytes| {
            postcard::from_bytes(bytes).map_err(|why| TaskError::Unreadable(why.to_string()))
        });
        let mut state = self.state();
        // It may have one, and may even have been taken: a result that cannot be read is
        // an error, and then its worker dies.
        if let Some(slot @ None) = state.results.get_mut(task) {
            *slot = Some(result);
            self.came(&mut state, 1);
        }
    }

    fn begin(&self) -> bool {
        let mut state = self.state();
        state.begun = !state.cancelled;
        state.begun
    }
}
