//! Locks and condition variables whose operations are steps.

use std::mem;
use std::ops::{Deref, DerefMut};
use std::panic::Location;
use std::sync::{self, Arc};

use crate::engine::{self, Handle, add_object, step, step_at};
use crate::execution::Object;
use crate::op::Op;

/// A lock with a value inside. A clone is another handle to the same lock.
///
/// A panic releases it, and does not poison it: of panics that are caught, it knows nothing.
#[derive(Debug)]
pub struct Mutex<T> {
    handle: Handle,
    value: Arc<sync::Mutex<T>>,
}

impl<T> Clone for Mutex<T> {
    fn clone(&self) -> Self {
        Self { handle: self.handle, value: Arc::clone(&self.value) }
    }
}

/// Access to the value of a lock that this thread holds. Dropping it releases the lock: a
/// step.
#[derive(Debug)]
pub struct Guard<'a, T> {
    lock: &'a Mutex<T>,
    /// `None` while the lock is being released.
    value: Option<sync::MutexGuard<'a, T>>,
    at: &'static Location<'static>,
}

impl<T> Mutex<T> {
    /// A lock with a name for the reports.
    pub fn new(name: &'static str, value: T) -> Self {
        let handle = add_object(name, Object::Lock { owner: None });
        Self { handle, value: Arc::new(sync::Mutex::new(value)) }
    }

    /// Acquires the lock as soon as it is free: a step.
    #[track_caller]
    pub fn lock(&self) -> Guard<'_, T> {
        let id = self.handle.id();
        step(
            Op::Lock(id),
            |execution, me| execution.set_owner(id, Some(me)),
            |()| format!("lock {}", self.handle.name),
        );
        self.guard()
    }

    /// The guard of the lock, which this thread has acquired.
    #[track_caller]
    fn guard(&self) -> Guard<'_, T> {
        Guard { lock: self, value: Some(engine::lock(&self.value)), at: Location::caller() }
    }
}

impl<T> Deref for Guard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.value.as_deref().expect("the thread holds the lock")
    }
}

impl<T> DerefMut for Guard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        self.value.as_deref_mut().expect("the thread holds the lock")
    }
}

impl<T> Drop for Guard<'_, T> {
    fn drop(&mut self) {
        self.value = None;
        let Handle { name, .. } = self.lock.handle;
        let id = self.lock.handle.id();
        step_at(
            self.at,
            Op::Unlock(id),
            |execution, _| execution.set_owner(id, None),
            |()| format!("unlock {name}"),
        );
    }
}

/// A condition variable. A clone is another handle to the same one.
///
/// A notification wakes any one of the waiting threads, not the one that has waited longest:
/// std promises no more.
#[derive(Clone, Debug)]
pub struct Condvar {
    handle: Handle,
}

impl Condvar {
    /// A condition variable with a name for the reports.
    pub fn new(name: &'static str) -> Self {
        Self { handle: add_object(name, Object::condvar()) }
    }

    /// Releases the lock and begins to wait: a step. After a notification, and when the
    /// lock is free, acquires the lock again: another step.
    #[track_caller]
    pub fn wait<'a, T>(&self, mut guard: Guard<'a, T>) -> Guard<'a, T> {
        let mutex = guard.lock;
        let (condvar, lock) = (self.handle.id(), mutex.handle.id());
        guard.value = None;
        step(
            Op::Wait { condvar, lock },
            |execution, me| {
                execution.set_owner(lock, None);
                execution.queue(condvar).push(me);
            },
            |()| format!("wait for {}", self.handle.name),
        );
        // The lock has been released.
        mem::forget(guard);
        step(
            Op::Wake { condvar, lock },
            |execution, me| {
                execution.set_owner(lock, Some(me));
                execution.end_wait(condvar, me)
            },
            |&notified| {
                if notified {
                    format!("woken, lock {}", mutex.handle.name)
                } else {
                    "woken for nothing".to_owned()
                }
            },
        );
        mutex.guard()
    }

    /// Wakes one of the waiting threads, if any: a step.
    #[track_caller]
    pub fn notify_one(&self) {
        self.notify(false);
    }

    /// Wakes all waiting threads: a step.
    #[track_caller]
    pub fn notify_all(&self) {
        self.notify(true);
    }

    #[track_caller]
    fn notify(&self, all: bool) {
        let id = self.handle.id();
        step(
            Op::Notify(id),
            |execution, _| execution.queue(id).notify(all),
            |count| format!("notify {}: {count}", self.handle.name),
        );
    }
}
