//! The handle of a submitted task.

use std::marker::PhantomData;
use std::sync::Arc;

use serde::de::DeserializeOwned;

use super::TaskError;
use super::job::Results;

/// A submitted task and its result. Dropping the handle doesn't stop the task.
pub struct Handle<R> {
    results: Arc<Results>,
    /// It makes an `R`, but has none.
    result: PhantomData<fn() -> R>,
}

impl<R: DeserializeOwned> Handle<R> {
    pub(crate) fn new(results: Arc<Results>) -> Self {
        Self { results, result: PhantomData }
    }

    /// Waits for the result.
    ///
    /// # Errors
    /// If the task has no result: see [`TaskError`].
    pub fn wait(self) -> Result<R, TaskError> {
        self.results.wait().pop().expect("each task has a result or an error")
    }

    /// Whether the result has arrived.
    pub fn is_ready(&self) -> bool {
        self.results.are_complete()
    }
}
