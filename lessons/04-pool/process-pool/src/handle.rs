//! The handle of a task that was submitted.

use std::sync::Arc;
use std::time::Duration;

use super::TaskError;
use super::job::Results;

/// A task that was submitted, and its result when it comes. Dropped, the task is done
/// all the same.
pub struct Handle<R>(Arc<Results<R>>);

impl<R> Handle<R> {
    pub(crate) fn new(results: Arc<Results<R>>) -> Self {
        Self(results)
    }

    /// Waits for the result.
    ///
    /// # Errors
    /// The task's own.
    pub fn wait(self) -> Result<R, TaskError> {
        self.result(None).ok().expect("without a time limit it comes")
    }

    /// Waits for the result, but not longer than this: then the handle comes back.
    ///
    /// # Errors
    /// The handle, if the result has not come; inside, the task's own error.
    pub fn wait_timeout(self, time: Duration) -> Result<Result<R, TaskError>, Self> {
        self.result(Some(time))
    }

    /// Whether the result is there.
    pub fn is_ready(&self) -> bool {
        self.0.is_done()
    }

    /// Cancels the task if no worker has got it yet, and says whether that was so. Its
    /// result is then [`TaskError::Cancelled`].
    pub fn cancel(&self) -> bool {
        self.0.cancel()
    }

    fn result(self, time: Option<Duration>) -> Result<Result<R, TaskError>, Self> {
        match self.0.wait(time) {
            Some(mut results) => Ok(results.pop().expect("a task has a result")),
            None => Err(self),
        }
    }
}
