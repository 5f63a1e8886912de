//! Results one by one, while arguments are still being taken.

use std::collections::VecDeque;
use std::iter::Zip;
use std::ops::RangeFrom;
use std::sync::Arc;
use std::vec;

use crossbeam::channel::{Receiver, Sender, unbounded};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::job::Results;
use super::parent::Submission;
use super::{PoolError, TaskError};

/// Submits arguments in chunks, at most `limit` of them ahead, and yields each result with
/// the number of its argument. If the pool ends before, this error is the last item.
pub struct Imap<'a, R, I> {
    /// `None` when all arguments are submitted.
    submission: Option<Submission<'a>>,
    arguments: I,
    chunk_size: usize,
    /// The most chunks that may be under way.
    limit: usize,
    /// How many tasks were submitted: the number of the next one.
    submitted: usize,
    refused: Option<PoolError>,
    /// The chunks under way, each with the number of its first task.
    under_way: VecDeque<(usize, Arc<Results>)>,
    /// Where the chunks report that they are done, each by the number of its first task;
    /// `None` if the results are wanted in order.
    done: Option<(Sender<usize>, Receiver<usize>)>,
    ready: Zip<RangeFrom<usize>, vec::IntoIter<Result<R, TaskError>>>,
}

impl<'a, R, I> Imap<'a, R, I> {
    pub fn ordered(
        submission: Submission<'a>,
        arguments: I,
        chunk_size: usize,
        limit: usize,
    ) -> Self {
        Self {
            submission: Some(submission),
            arguments,
            chunk_size: chunk_size.max(1),
            limit,
            submitted: 0,
            refused: None,
            under_way: VecDeque::new(),
            done: None,
            ready: (0..).zip(Vec::new()),
        }
    }

    /// The same, but with the results as they arrive.
    pub fn unordered(self) -> Self {
        Self { done: Some(unbounded()), ..self }
    }

    /// The chunk whose results are next, which may not have arrived yet.
    fn next_chunk(&mut self) -> Option<(usize, Arc<Results>)> {
        let place = match &self.done {
            // In a copy of the process nothing will be reported: there, one is like another.
            Some((_, done)) if self.under_way.front().is_some_and(|(_, it)| !it.are_copied()) => {
                let number = done.recv().expect("this holds a sender, too");
                self.under_way.iter().position(|(first, _)| *first == number)?
            }
            _ => 0,
        };
        self.under_way.remove(place)
    }
}

impl<R, I: Iterator<Item: Serialize>> Imap<'_, R, I> {
    /// Submits the next chunk, if there are more arguments and the pool takes them.
    fn submit_chunk(&mut self) {
        let Some(submission) = &self.submission else { return };
        let arguments: Vec<_> = self.arguments.by_ref().take(self.chunk_size).collect();
        let (first, count) = (self.submitted, arguments.len());
        let refused = submission.refused();
        if count == 0 || refused.is_some() {
            self.refused = refused.filter(|_| count > 0);
            self.submission = None;
            return;
        }
        let done = self.done.as_ref().map(|(sender, _)| (sender.clone(), first));
        self.under_way.push_back((first, submission.submit(arguments, count, done)));
        self.submitted += count;
    }
}

impl<R: DeserializeOwned, I: Iterator<Item: Serialize>> Iterator for Imap<'_, R, I> {
    type Item = (usize, Result<R, TaskError>);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(result) = self.ready.next() {
                return Some(result);
            }
            while self.submission.is_some() && self.under_way.len() < self.limit {
                self.submit_chunk();
            }
            let Some((first, results)) = self.next_chunk() else {
                return self.refused.take().map(|why| (self.submitted, Err(why.into())));
            };
            self.ready = (first..).zip(results.wait());
        }
    }
}
