//! The handle of a submitted task.

use std::sync::Arc;

use super::TaskError;
use super::job::Results;

/// A submitted task and its result. Dropping the handle doesn't stop the task.
pub struct Handle<R>(Arc<Results<R>>);

impl<R> Handle<R> {
    pub(crate) fn new(results: Arc<Results<R>>) -> Self {
        Self(results)
    }

    /// Waits for the result.
    ///
    /// # Errors
    /// If the task has no result: see [`TaskError`].
    pub fn wait(self) -> Result<R, TaskError> {
        self.0.wait().pop().expect("each task has a result or an error")
    }

    /// Whether the result has arrived.
    pub fn is_ready(&self) -> bool {
        self.0.are_complete()
    }
}
