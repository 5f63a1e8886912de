//! Locks and condition variables with names.

use std::sync::{Arc, PoisonError};

use crate::sync::{self, MutexGuard};

/// A lock with a value inside. A clone is another handle to the same lock.
///
/// A panic releases it, and does not poison it: of panics that are caught, it knows nothing.
#[derive(Debug)]
pub struct Mutex<T>(Arc<sync::Mutex<T>>);

impl<T> Clone for Mutex<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Mutex<T> {
    /// A lock with a name for the reports.
    pub fn new(name: &'static str, value: T) -> Self {
        Self(Arc::new(sync::Mutex::named(name, value)))
    }

    /// Acquires the lock as soon as it is free: a step.
    #[track_caller]
    pub fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A condition variable. A clone is another handle to the same one.
///
/// A notification wakes any one of the waiting threads, not the one that has waited longest:
/// std promises no more.
#[derive(Clone, Debug)]
pub struct Condvar(Arc<sync::Condvar>);

impl Condvar {
    /// A condition variable with a name for the reports.
    pub fn new(name: &'static str) -> Self {
        Self(Arc::new(sync::Condvar::named(name)))
    }

    /// Releases the lock and begins to wait: a step. After a notification, and when the
    /// lock is free, acquires the lock again: another step.
    #[track_caller]
    pub fn wait<'a, T>(&self, guard: MutexGuard<'a, T>) -> MutexGuard<'a, T> {
        self.0.wait(guard).unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes one of the waiting threads, if any: a step.
    #[track_caller]
    pub fn notify_one(&self) {
        self.0.notify_one();
    }

    /// Wakes all waiting threads: a step.
    #[track_caller]
    pub fn notify_all(&self) {
        self.0.notify_all();
    }
}
