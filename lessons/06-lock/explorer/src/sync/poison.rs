//! What a mutex and a lock of readers and writers have in common: one thread owns them, and a
//! panic of the owner poisons them.

use std::panic::Location;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{LockResult, PoisonError};
use std::thread;

use crate::engine::{Handle, step, step_at};
use crate::op::Op;

/// Whether a thread has panicked while it owned a lock.
#[derive(Default)]
pub(super) struct Poison(AtomicBool);

/// What a thread does while it owns a lock, as far as it matters when it releases it.
pub(super) struct Owned {
    /// Where it has acquired the lock.
    at: &'static Location<'static>,
    /// It may have changed the value.
    pub is_changed: bool,
    /// It unwound already when it acquired the lock.
    was_panicking: bool,
}

impl Owned {
    /// The lock was acquired by the caller.
    #[track_caller]
    pub fn new() -> Self {
        let (at, was_panicking) = (Location::caller(), thread::panicking());
        Self { at, is_changed: false, was_panicking }
    }
}

impl Poison {
    /// What is behind the lock; an error if the lock is poisoned.
    pub fn result<T>(&self, value: T) -> LockResult<T> {
        if self.0.load(Relaxed) { Err(PoisonError::new(value)) } else { Ok(value) }
    }

    /// Whether a thread has panicked while it owned the lock: a step.
    #[track_caller]
    pub fn is_set(&self, lock: Handle) -> bool {
        step(
            Op::Read(lock.id()),
            |_, _| self.0.load(Relaxed),
            |is_poisoned| format!("{} poisoned: {is_poisoned}", lock.name),
        )
    }

    /// The lock is not poisoned any more: a step.
    #[track_caller]
    pub fn clear(&self, lock: Handle) {
        let id = lock.id();
        step(
            Op::Write(id),
            |execution, me| {
                self.0.store(false, Relaxed);
                execution.change(id, me);
            },
            |()| format!("clear {}", lock.name),
        );
    }

    /// Releases the lock: a step. A panic that began while the lock was owned poisons it.
    pub fn release(&self, lock: Handle, owned: &Owned, describe: impl FnOnce() -> String) {
        let id = lock.id();
        let panics = thread::panicking() && !owned.was_panicking;
        step_at(
            owned.at,
            Op::Unlock(id),
            |execution, me| {
                // A thread that is unwound because the execution is over has not panicked.
                let is_poisoned = panics && !execution.is_over();
                execution.set_owner(id, None);
                if is_poisoned {
                    self.0.store(true, Relaxed);
                }
                if owned.is_changed || is_poisoned {
                    execution.change(id, me);
                }
            },
            |()| describe(),
        );
    }
}

/// Becomes the owner of a lock if it is free: a step.
#[track_caller]
pub(super) fn try_own(lock: Handle, describe: impl FnOnce(bool) -> String) -> bool {
    let id = lock.id();
    step(
        Op::Write(id),
        |execution, me| {
            let is_free = execution.lock(id).is_free();
            if is_free {
                execution.set_owner(id, Some(me));
            } else {
                execution.see_owner(id, me);
            }
            is_free
        },
        |&is_free| describe(is_free),
    )
}
