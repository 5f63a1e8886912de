//! The pool: what a program calls.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use crossbeam::channel::bounded;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::child;
use super::handle::Handle;
use super::imap::Imap;
use super::parent::{Queue, Submission, manage};
use super::{Function, PoolError, TaskError, Tasks};

/// How many chunks `imap` submits ahead for each worker.
const CHUNKS_AHEAD: usize = 4;

/// A pool of processes that run the functions it was made with.
///
/// Its methods have the names that they have in Python's `multiprocessing.Pool`, but a worker
/// that dies costs only the task that it was running: that task's error says how the worker
/// died, and a new worker takes its place. Dropping a pool terminates it.
///
/// A process that is forked from this one has a copy of the pool, which does nothing: its
/// methods return [`PoolError::Forked`], where they return anything, and so do its handles.
pub struct ProcessPool {
    tasks: Tasks,
    queue: Arc<Queue>,
    workers: usize,
    /// `None` once it was joined.
    manager: Mutex<Option<JoinHandle<()>>>,
}

impl ProcessPool {
    /// A pool for the functions `tasks`, with one worker for each CPU that this process may
    /// use. [`work_if_worker`](super::work_if_worker) needs the same functions.
    ///
    /// In tests: the harness of Rust has a `main` of its own, which does not call
    /// `work_if_worker`. A test of a pool needs `harness = false` in Cargo.toml, and a `main`
    /// that does.
    ///
    /// # Errors
    /// If workers cannot be started, if two functions have the same name, if
    /// `work_if_worker` was not called or got other functions, or in a task. Workers are
    /// started from `/proc/self/exe`: that fails without `/proc`, and in a program that was
    /// started as an argument of the dynamic loader.
    pub fn new(tasks: Tasks) -> Result<Self, PoolError> {
        Self::with_workers(tasks, thread::available_parallelism().map_or(1, usize::from))
    }

    /// As [`new`](Self::new), but with the given number of workers; at least one.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn with_workers(tasks: Tasks, workers: usize) -> Result<Self, PoolError> {
        for (number, task) in tasks.iter().enumerate() {
            if tasks[..number].iter().any(|other| other.name() == task.name()) {
                return Err(PoolError::Duplicate(task.name()));
            }
        }
        child::check(tasks)?;
        let workers = workers.max(1);
        let queue = Arc::new(Queue::new().map_err(|why| PoolError::Start(format!("{why:#}")))?);
        let managed = queue.clone();
        let (report, started) = bounded(1);
        let manager = thread::Builder::new()
            .name("pool manager".to_owned())
            .spawn(move || manage(tasks, managed, workers, &report))
            .map_err(|why| PoolError::Start(format!("the manager: {why}")))?;
        let started = started.recv().unwrap_or_else(|_| Err("the manager panicked".to_owned()));
        if let Err(why) = started {
            // It ends the workers that it has started.
            let _ = manager.join();
            return Err(PoolError::Start(why));
        }
        Ok(Self { tasks, queue, workers, manager: Mutex::new(Some(manager)) })
    }

    /// How many workers the pool has.
    pub fn workers(&self) -> usize {
        self.workers
    }

    /// The process ids of the workers at this moment.
    pub fn pids(&self) -> Vec<i32> {
        if self.queue.owner.is_copied() { Vec::new() } else { self.queue.state().pids.clone() }
    }

    /// Runs one task and waits for its result.
    ///
    /// # Errors
    /// If the task has no result; with [`TaskError::Refused`] if the pool did not take it.
    pub fn apply<A: Serialize + 'static, R: DeserializeOwned + 'static>(
        &self,
        function: &Function<A, R>,
        argument: A,
    ) -> Result<R, TaskError> {
        self.apply_async(function, argument)?.wait()
    }

    /// Submits one task.
    ///
    /// # Errors
    /// If the pool takes no more tasks, or was made without the function.
    pub fn apply_async<A: Serialize + 'static, R: DeserializeOwned + 'static>(
        &self,
        function: &Function<A, R>,
        argument: A,
    ) -> Result<Handle<R>, PoolError> {
        Ok(Handle::new(self.begin(function)?.submit(vec![argument], 1, None)))
    }

    /// Runs a task for each argument, and waits for all results. They are in the order of
    /// the arguments, each with its own error.
    ///
    /// The tasks are handed out in chunks of `chunk_size`; by default in four chunks for
    /// each worker.
    ///
    /// # Errors
    /// As [`apply_async`](Self::apply_async).
    pub fn map<A: Serialize + 'static, R: DeserializeOwned + 'static>(
        &self,
        function: &Function<A, R>,
        arguments: impl IntoIterator<Item = A>,
        chunk_size: Option<usize>,
    ) -> Result<Vec<Result<R, TaskError>>, PoolError> {
        let arguments: Vec<A> = arguments.into_iter().collect();
        let chunk_size = chunk_size.unwrap_or(arguments.len().div_ceil(4 * self.workers));
        let results = self.begin(function)?.submit(arguments, chunk_size, None);
        Ok(results.wait())
    }

    /// As [`map`](Self::map), but yields the results one by one, in the order of the
    /// arguments, each as soon as it has arrived. Arguments are taken as results are, so
    /// results that nobody takes do not pile up. A pool that is closed still takes the rest of
    /// the arguments. If it is terminated before, the last item is [`TaskError::Refused`].
    ///
    /// # Errors
    /// As [`apply_async`](Self::apply_async).
    pub fn imap<
        'a,
        A: Serialize + 'static,
        R: DeserializeOwned + 'static,
        I: IntoIterator<Item = A>,
    >(
        &'a self,
        function: &Function<A, R>,
        arguments: I,
        chunk_size: usize,
    ) -> Result<impl Iterator<Item = Result<R, TaskError>> + use<'a, A, R, I>, PoolError> {
        let results = self.results(function, arguments, chunk_size)?;
        Ok(results.map(|(_, result)| result))
    }

    /// As [`imap`](Self::imap), but yields the results in the order in which they arrive,
    /// each with the number of its argument.
    ///
    /// # Errors
    /// As [`apply_async`](Self::apply_async).
    pub fn imap_unordered<
        'a,
        A: Serialize + 'static,
        R: DeserializeOwned + 'static,
        I: IntoIterator<Item = A>,
    >(
        &'a self,
        function: &Function<A, R>,
        arguments: I,
        chunk_size: usize,
    ) -> Result<impl Iterator<Item = (usize, Result<R, TaskError>)> + use<'a, A, R, I>, PoolError>
    {
        Ok(self.results(function, arguments, chunk_size)?.unordered())
    }

    /// Makes the pool take no more tasks. Those that were submitted are still done, and so are
    /// those of an [`imap`](Self::imap) that has begun.
    pub fn close(&self) {
        if self.queue.owner.is_copied() {
            return;
        }
        self.queue.state().closed = true;
        self.queue.wake_manager();
    }

    /// Waits until all tasks are done and all workers have ended.
    ///
    /// # Errors
    /// If the pool was not closed, and would never end; or if it is a copy.
    // `&mut`, though no field changes: a thread that waited for its own `imap` would wait for
    // ever.
    pub fn join(&mut self) -> Result<(), PoolError> {
        if self.queue.owner.is_copied() {
            return Err(PoolError::Forked);
        }
        let mut state = self.queue.state();
        if !state.closed && state.ended.is_none() {
            return Err(PoolError::NotClosed);
        }
        // Nobody else has the pool now. If an `imap` has not ended, it was forgotten.
        state.submissions = 0;
        drop(state);
        self.queue.wake_manager();
        self.wait_for_manager();
        Ok(())
    }

    /// Ends the workers at once, whatever they are doing. Tasks without a result get an error,
    /// so a thread that waits for them, in [`map`](Self::map) for example, goes on.
    ///
    /// If this process may not kill a worker, because it has become another user since, the worker
    /// ends with the task that it is running.
    pub fn terminate(&self) {
        if self.queue.owner.is_copied() {
            return;
        }
        self.queue.state().ended.get_or_insert_with(|| "it was terminated".to_owned());
        self.queue.wake_manager();
        self.wait_for_manager();
    }

    fn wait_for_manager(&self) {
        // Others who wait for it, too, wait for the lock.
        let mut manager = self.manager.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(manager) = manager.take() {
            // If it has panicked, it has ended the workers and all tasks nevertheless.
            let _ = manager.join();
        }
    }

    fn results<A: Serialize + 'static, R: DeserializeOwned + 'static, I: IntoIterator<Item = A>>(
        &self,
        function: &Function<A, R>,
        arguments: I,
        chunk_size: usize,
    ) -> Result<Imap<'_, R, I::IntoIter>, PoolError> {
        let (submission, limit) = (self.begin(function)?, CHUNKS_AHEAD * self.workers);
        Ok(Imap::ordered(submission, arguments.into_iter(), chunk_size, limit))
    }

    /// Begins to submit tasks for a function.
    fn begin<A: 'static, R: 'static>(
        &self,
        function: &Function<A, R>,
    ) -> Result<Submission<'_>, PoolError> {
        let identity = function.identity();
        let found = self.tasks.iter().position(|task| task.identity() == identity);
        self.queue.begin(found.ok_or(PoolError::Unknown(function.name))?)
    }
}

impl Drop for ProcessPool {
    fn drop(&mut self) {
        if self.queue.owner.is_copied() {
            // The thread is not in this process, and its memory may be that of another one.
            let manager = self.manager.get_mut().unwrap_or_else(PoisonError::into_inner);
            std::mem::forget(manager.take());
        }
        self.terminate();
    }
}
