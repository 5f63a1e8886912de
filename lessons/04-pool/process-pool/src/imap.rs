//! Results one by one, while arguments are still taken.

use std::collections::{HashMap, VecDeque};
use std::iter::Enumerate;
use std::sync::Arc;
use std::vec;

use crossbeam::channel::{Receiver, Sender, unbounded};

use super::job::Results;
use super::pool::{Argument, Output};
use super::{PoolError, ProcessPool, TaskError};

/// So many chunks are under way for each worker.
const AHEAD: usize = 4;

/// A chunk that was submitted, if the pool took it.
type Submitted<R> = Result<Arc<Results<R>>, PoolError>;

/// Submits chunks of arguments, each as a job.
struct Source<'a, I> {
    pool: &'a ProcessPool,
    function: usize,
    arguments: I,
    chunk_size: usize,
}

impl<I: Iterator<Item: Argument>> Source<'_, I> {
    /// The most chunks that may be under way.
    fn most(&self) -> usize {
        AHEAD * self.pool.workers()
    }

    /// Submits the next chunk, and says how many tasks it has; `None` when there are no
    /// more arguments.
    fn submit<R: Output>(
        &mut self,
        done: Option<(Sender<usize>, usize)>,
    ) -> Option<(usize, Submitted<R>)> {
        let chunk_size = self.chunk_size.max(1);
        let arguments: Vec<_> = self.arguments.by_ref().take(chunk_size).collect();
        let tasks = arguments.len();
        (tasks > 0).then(|| (tasks, self.pool.submit(self.function, arguments, tasks, done)))
    }
}

/// The results of [`ProcessPool::imap`].
pub struct Imap<'a, R, I> {
    source: Source<'a, I>,
    under_way: VecDeque<Submitted<R>>,
    ready: vec::IntoIter<Result<R, TaskError>>,
}

impl<'a, R, I> Imap<'a, R, I> {
    pub(crate) fn new(
        pool: &'a ProcessPool,
        function: usize,
        arguments: I,
        chunk_size: usize,
    ) -> Self {
        let source = Source { pool, function, arguments, chunk_size };
        Self { source, under_way: VecDeque::new(), ready: Vec::new().into_iter() }
    }
}

impl<R, I> Iterator for Imap<'_, R, I>
where
    I: Iterator<Item: Argument>,
    R: Output,
{
    type Item = Result<R, TaskError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(result) = self.ready.next() {
                return Some(result);
            }
            while self.under_way.len() < self.source.most()
                && let Some((_, results)) = self.source.submit(None)
            {
                self.under_way.push_back(results);
            }
            match self.under_way.pop_front()? {
                Ok(results) => self.ready = results.wait(None).unwrap_or_default().into_iter(),
                Err(why) => return Some(Err(TaskError::Ended(why.to_string()))),
            }
        }
    }
}

/// The results of [`ProcessPool::imap_unordered`].
pub struct ImapUnordered<'a, R, I> {
    source: Source<'a, I>,
    under_way: HashMap<usize, Arc<Results<R>>>,
    /// How many tasks were submitted: the number of the next one.
    submitted: usize,
    /// The numbers of the first tasks of the chunks that are done.
    tell_done: Sender<usize>,
    done: Receiver<usize>,
    /// The number of the first of these, and the results of a chunk.
    first: usize,
    ready: Enumerate<vec::IntoIter<Result<R, TaskError>>>,
}

impl<'a, R, I> ImapUnordered<'a, R, I> {
    pub(crate) fn new(
        pool: &'a ProcessPool,
        function: usize,
        arguments: I,
        chunk_size: usize,
    ) -> Self {
        let source = Source { pool, function, arguments, chunk_size };
        let (tell_done, done) = unbounded();
        let ready = Vec::new().into_iter().enumerate();
        let under_way = HashMap::new();
        Self { source, under_way, submitted: 0, tell_done, done, first: 0, ready }
    }
}

impl<R, I> Iterator for ImapUnordered<'_, R, I>
where
    I: Iterator<Item: Argument>,
    R: Output,
{
    type Item = (usize, Result<R, TaskError>);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some((number, result)) = self.ready.next() {
                return Some((self.first + number, result));
            }
            while self.under_way.len() < self.source.most() {
                let done = (self.tell_done.clone(), self.submitted);
                let Some((tasks, results)) = self.source.submit(Some(done)) else { break };
                let first = self.submitted;
                self.submitted += tasks;
                match results {
                    Ok(results) => drop(self.under_way.insert(first, results)),
                    Err(why) => return Some((first, Err(TaskError::Ended(why.to_string())))),
                }
            }
            if self.under_way.is_empty() {
                return None;
            }
            self.first = self.done.recv().expect("this has a sender itself");
            let results = self.under_way.remove(&self.first).expect("it was submitted");
            self.ready = results.wait(None).unwrap_or_default().into_iter().enumerate();
        }
    }
}
