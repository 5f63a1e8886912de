//! The pool: what a program calls.

use std::sync::Arc;
use std::thread::JoinHandle;

use anyhow::{Context, Result, ensure};
use crossbeam::channel::{Sender, bounded};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::desk::Desk;
use super::handle::Handle;
use super::imap::{Imap, ImapUnordered};
use super::job::{Batch, Chunk, Results};
use super::manager::manage;
use super::start::fork_worker;
use super::worker::WORKER;
use super::{Function, PoolError, TaskError, Tasks};

/// A pool of processes that run the functions it was made with.
///
/// The names are those of Python's `multiprocessing.Pool`. What is different: a worker
/// that dies costs the task that it was running and no other; that task's error says how
/// the worker died, and a new worker takes the place. A pool that is dropped is
/// terminated.
pub struct ProcessPool {
    pub(crate) tasks: Tasks,
    desk: Arc<Desk>,
    workers: usize,
    manager: Option<JoinHandle<()>>,
}

/// What can be an argument of a task.
pub trait Argument: Serialize + Send + Sync + 'static {}
impl<A: Serialize + Send + Sync + 'static> Argument for A {}

/// What can be a result of a task.
pub trait Output: DeserializeOwned + Send + 'static {}
impl<R: DeserializeOwned + Send + 'static> Output for R {}

/// How a pool is to be.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// How many workers; without it as many as there are CPUs that this process may use.
    pub workers: Option<usize>,
    /// Whether the first workers are forks of this process, which start quicker than the
    /// program anew. This process must have one thread then. Those that take the place
    /// of dead ones are the program started anew in any case.
    pub fork: bool,
}

impl ProcessPool {
    /// A pool for these functions, as [`work_if_worker`](super::work_if_worker) gets
    /// them, too.
    ///
    /// # Errors
    /// If workers cannot be started, or two functions have the same name; and in a worker
    /// that was not told to be one.
    pub fn new(tasks: Tasks, options: Options) -> Result<Self> {
        let is_worker = std::env::args_os().nth(1).is_some_and(|argument| argument == WORKER);
        ensure!(!is_worker, "this is a worker: call work_if_worker first in main");
        for (number, task) in tasks.iter().enumerate() {
            let name = task.name();
            let others = &tasks[..number];
            ensure!(others.iter().all(|it| it.name() != name), "two functions '{name}'");
        }
        let usable = || std::thread::available_parallelism().map_or(1, usize::from);
        let workers = options.workers.unwrap_or_else(usable).max(1);

        let mut forked = Vec::new();
        while options.fork && forked.len() < workers {
            forked = fork_worker(tasks, forked)?;
        }
        let desk = Arc::new(Desk::new()?);
        let managed = desk.clone();
        let (tell, told) = bounded(1);
        let manager = std::thread::Builder::new()
            .name("pool manager".to_owned())
            .spawn(move || manage(tasks, managed, workers, forked, &tell))
            .context("start the manager")?;
        told.recv().context("the manager")?.context("start the workers")?;
        Ok(Self { tasks, desk, workers, manager: Some(manager) })
    }

    /// How many workers it has.
    pub fn workers(&self) -> usize {
        self.workers
    }

    /// The ids of the workers' processes, at this moment.
    pub fn pids(&self) -> Vec<i32> {
        self.desk.state().pids.clone()
    }

    /// Runs one task and waits for its result.
    ///
    /// # Errors
    /// As [`apply_async`](Self::apply_async); and the task's own.
    pub fn apply<A: Argument, R: Output>(
        &self,
        function: &Function<A, R>,
        argument: A,
    ) -> Result<R> {
        Ok(self.apply_async(function, argument)?.wait()?)
    }

    /// Submits one task.
    ///
    /// # Errors
    /// If the pool takes no more tasks, or does not know the function.
    pub fn apply_async<A: Argument, R: Output>(
        &self,
        function: &Function<A, R>,
        argument: A,
    ) -> Result<Handle<R>, PoolError> {
        let results = self.submit(self.number(function)?, vec![argument], 1, None)?;
        Ok(Handle::new(results))
    }

    /// Runs a task for each argument, and waits for all results. They come in the order
    /// of the arguments, each with its own error.
    ///
    /// The tasks are handed out in chunks of `chunk_size`; without it in four for each
    /// worker.
    ///
    /// # Errors
    /// As [`apply_async`](Self::apply_async).
    pub fn map<A: Argument, R: Output>(
        &self,
        function: &Function<A, R>,
        arguments: impl IntoIterator<Item = A>,
        chunk_size: Option<usize>,
    ) -> Result<Vec<Result<R, TaskError>>, PoolError> {
        let arguments: Vec<A> = arguments.into_iter().collect();
        let chunk_size = chunk_size.unwrap_or(arguments.len().div_ceil(4 * self.workers));
        let results = self.submit(self.number(function)?, arguments, chunk_size, None)?;
        Ok(results.wait(None).expect("without a time limit it waits for all"))
    }

    /// As [`map`](Self::map), but gives the results one by one, in the order of the
    /// arguments, each as soon as it is there. Arguments are taken as results are: what
    /// nobody takes does not pile up.
    ///
    /// # Errors
    /// As [`apply_async`](Self::apply_async).
    pub fn imap<'a, A: Argument, R: Output, I: IntoIterator<Item = A>>(
        &'a self,
        function: &Function<A, R>,
        arguments: I,
        chunk_size: usize,
    ) -> Result<Imap<'a, R, I::IntoIter>, PoolError> {
        Ok(Imap::new(self, self.number(function)?, arguments.into_iter(), chunk_size))
    }

    /// As [`imap`](Self::imap), but in the order in which they come, each with the number
    /// of its argument.
    ///
    /// # Errors
    /// As [`apply_async`](Self::apply_async).
    pub fn imap_unordered<'a, A: Argument, R: Output, I: IntoIterator<Item = A>>(
        &'a self,
        function: &Function<A, R>,
        arguments: I,
        chunk_size: usize,
    ) -> Result<ImapUnordered<'a, R, I::IntoIter>, PoolError> {
        Ok(ImapUnordered::new(self, self.number(function)?, arguments.into_iter(), chunk_size))
    }

    /// Takes no more tasks. Those that were submitted are still done.
    pub fn close(&self) {
        self.desk.state().closed = true;
        self.desk.ring();
    }

    /// Waits until all tasks are done and all workers have ended.
    ///
    /// # Errors
    /// If the pool was not closed, and would never end.
    pub fn join(&mut self) -> Result<(), PoolError> {
        let ends = {
            let desired = self.desk.state();
            desired.closed || desired.ended.is_some()
        };
        if !ends {
            return Err(PoolError::NotClosed);
        }
        if let Some(manager) = self.manager.take() {
            manager.join().expect("the manager does not panic");
        }
        Ok(())
    }

    /// Ends the workers at once, whatever they do. Tasks without a result get an error.
    pub fn terminate(&mut self) {
        self.desk.state().ended.get_or_insert_with(|| "it was terminated".to_owned());
        self.desk.ring();
        self.join().expect("it was told to end");
    }

    /// Submits a job in chunks of so many tasks. When all results are there, `done` is told.
    pub(super) fn submit<A: Argument, R: Output>(
        &self,
        function: usize,
        arguments: Vec<A>,
        chunk_size: usize,
        done: Option<(Sender<usize>, usize)>,
    ) -> Result<Arc<Results<R>>, PoolError> {
        let tasks = arguments.len();
        let chunk_size = chunk_size.max(1);
        let batch = Arc::new(Batch::new(function, arguments, done));
        let results = batch.results();
        let mut desired = self.desk.state();
        if desired.closed || desired.ended.is_some() {
            return Err(PoolError::Closed);
        }
        desired.chunks.extend((0..tasks).step_by(chunk_size).map(|first| {
            let count = chunk_size.min(tasks - first);
            Chunk { job: batch.clone(), first, count, deaths: 0 }
        }));
        drop(desired);
        self.desk.ring();
        Ok(results)
    }

    /// Which of the pool's functions it is.
    fn number<A, R>(&self, function: &Function<A, R>) -> Result<usize, PoolError> {
        let name = function.name;
        let found = self.tasks.iter().position(|task| task.name() == name);
        found.ok_or(PoolError::Unknown(name))
    }
}

impl Drop for ProcessPool {
    fn drop(&mut self) {
        self.terminate();
    }
}
