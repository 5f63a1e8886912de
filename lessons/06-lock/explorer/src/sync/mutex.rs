//! A lock with a value inside.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::panic::Location;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{self, LockResult, PoisonError, TryLockError, TryLockResult};
use std::thread;

use crate::engine::{self, Handle, step, step_at};
use crate::execution::Object;
use crate::op::Op;
use crate::shown::shown;

/// A lock with a value inside: [`std::sync::Mutex`].
pub struct Mutex<T: ?Sized> {
    handle: Handle,
    /// The reports show the value, if it is a simple one.
    is_shown: bool,
    is_poisoned: AtomicBool,
    value: sync::Mutex<T>,
}

/// Access to the value of a lock that this thread holds. Dropping it releases the lock: a step.
#[must_use = "if unused the Mutex will immediately unlock"]
pub struct MutexGuard<'a, T: ?Sized> {
    lock: &'a Mutex<T>,
    /// `None` while the lock is being released.
    value: Option<sync::MutexGuard<'a, T>>,
    at: &'static Location<'static>,
    /// The thread may have changed the value.
    is_changed: bool,
    /// The thread unwound already when it acquired the lock.
    was_panicking: bool,
}

impl<T> Mutex<T> {
    /// A lock that is free.
    #[track_caller]
    pub fn new(value: T) -> Self {
        let handle = engine::add_object_at(Location::caller(), "mutex", Object::lock());
        Self::with_handle(handle, true, value)
    }

    /// A lock with a name for the reports.
    pub(crate) fn named(name: &'static str, value: T) -> Self {
        Self::with_handle(engine::add_object(name, Object::lock()), false, value)
    }

    fn with_handle(handle: Handle, is_shown: bool, value: T) -> Self {
        let is_poisoned = AtomicBool::new(false);
        Self { handle, is_shown, is_poisoned, value: sync::Mutex::new(value) }
    }

    /// Returns the value.
    ///
    /// # Errors
    /// If the lock is poisoned.
    pub fn into_inner(self) -> LockResult<T> {
        let is_poisoned = self.is_poisoned.load(Relaxed);
        let value = self.value.into_inner().unwrap_or_else(PoisonError::into_inner);
        if is_poisoned { Err(PoisonError::new(value)) } else { Ok(value) }
    }
}

impl<T: ?Sized> Mutex<T> {
    /// Acquires the lock as soon as it is free: a step.
    ///
    /// # Errors
    /// If the lock is poisoned: a thread has panicked while it held it.
    #[track_caller]
    pub fn lock(&self) -> LockResult<MutexGuard<'_, T>> {
        let id = self.handle.id();
        step(
            Op::Lock(id),
            |execution, me| execution.set_owner(id, Some(me)),
            |()| self.described("lock"),
        );
        self.guard()
    }

    /// Acquires the lock if it is free: a step.
    ///
    /// # Errors
    /// If it is not, or if it is poisoned.
    #[track_caller]
    pub fn try_lock(&self) -> TryLockResult<MutexGuard<'_, T>> {
        let id = self.handle.id();
        let is_free = step(
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
            |&is_free| match is_free {
                true => self.described("try_lock"),
                false => format!("try_lock {}: no", self.handle.name),
            },
        );
        if is_free { Ok(self.guard()?) } else { Err(TryLockError::WouldBlock) }
    }

    /// Whether a thread has panicked while it held the lock: a step.
    #[track_caller]
    pub fn is_poisoned(&self) -> bool {
        step(
            Op::Read(self.handle.id()),
            |_, _| self.is_poisoned.load(Relaxed),
            |is_poisoned| format!("{} poisoned: {is_poisoned}", self.handle.name),
        )
    }

    /// The lock is not poisoned any more: a step.
    #[track_caller]
    pub fn clear_poison(&self) {
        let id = self.handle.id();
        step(
            Op::Write(id),
            |execution, me| {
                self.is_poisoned.store(false, Relaxed);
                execution.change(id, me);
            },
            |()| format!("clear {}", self.handle.name),
        );
    }

    /// The value.
    ///
    /// # Errors
    /// If the lock is poisoned.
    pub fn get_mut(&mut self) -> LockResult<&mut T> {
        let is_poisoned = self.is_poisoned.load(Relaxed);
        let value = self.value.get_mut().unwrap_or_else(PoisonError::into_inner);
        if is_poisoned { Err(PoisonError::new(value)) } else { Ok(value) }
    }

    pub(super) fn handle(&self) -> Handle {
        self.handle
    }

    /// The guard of the lock, which this thread has acquired.
    #[track_caller]
    pub(super) fn guard(&self) -> LockResult<MutexGuard<'_, T>> {
        let guard = MutexGuard {
            lock: self,
            value: Some(engine::lock(&self.value)),
            at: Location::caller(),
            is_changed: false,
            was_panicking: thread::panicking(),
        };
        if self.is_poisoned.load(Relaxed) { Err(PoisonError::new(guard)) } else { Ok(guard) }
    }

    /// What was done with the lock, and the value, while this thread has the turn.
    pub(super) fn described(&self, what: &str) -> String {
        let name = self.handle.name;
        let value = if self.is_shown { self.value.try_lock().ok() } else { None };
        match value.and_then(|value| shown(&*value)) {
            Some(value) => format!("{what} {name}: {value}"),
            None => format!("{what} {name}"),
        }
    }
}

impl<'a, T: ?Sized> MutexGuard<'a, T> {
    /// Gives no access to the value any more: the next step of this thread releases the lock.
    /// Returns whether the value was changed.
    pub(super) fn let_go(&mut self) -> bool {
        self.value = None;
        self.is_changed
    }

    pub(super) fn lock(&self) -> &'a Mutex<T> {
        self.lock
    }
}

impl<T: ?Sized> Deref for MutexGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.value.as_deref().expect("the thread holds the lock")
    }
}

impl<T: ?Sized> DerefMut for MutexGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        self.is_changed = true;
        self.value.as_deref_mut().expect("the thread holds the lock")
    }
}

impl<T: ?Sized> Drop for MutexGuard<'_, T> {
    fn drop(&mut self) {
        self.value = None;
        let id = self.lock.handle.id();
        let is_poisoned = thread::panicking() && !self.was_panicking;
        let is_changed = self.is_changed;
        step_at(
            self.at,
            Op::Unlock(id),
            |execution, me| {
                execution.set_owner(id, None);
                if is_poisoned {
                    self.lock.is_poisoned.store(true, Relaxed);
                }
                if is_changed || is_poisoned {
                    execution.change(id, me);
                }
            },
            |()| self.lock.described("unlock"),
        );
    }
}

impl<T> From<T> for Mutex<T> {
    #[track_caller]
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

impl<T: Default> Default for Mutex<T> {
    #[track_caller]
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T: ?Sized> fmt::Debug for Mutex<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mutex").field("name", &self.handle.name).finish_non_exhaustive()
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for MutexGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: ?Sized + fmt::Display> fmt::Display for MutexGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
