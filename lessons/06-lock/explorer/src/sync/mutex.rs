//! A lock with a value inside.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::panic::Location;
use std::sync::{self, LockResult, PoisonError, TryLockError, TryLockResult};

use super::poison::{Owned, Poison, try_own};
use crate::engine::{self, Handle, step};
use crate::execution::Object;
use crate::op::Op;
use crate::shown::shown;

/// A lock with a value inside: [`std::sync::Mutex`].
pub struct Mutex<T: ?Sized> {
    handle: Handle,
    /// The reports show the value, if it is a simple one.
    is_shown: bool,
    poison: Poison,
    value: sync::Mutex<T>,
}

/// Access to the value of a lock that this thread holds. Dropping it releases the lock: a step.
#[must_use = "if unused the Mutex will immediately unlock"]
pub struct MutexGuard<'a, T: ?Sized> {
    lock: &'a Mutex<T>,
    /// `None` while the lock is being released.
    value: Option<sync::MutexGuard<'a, T>>,
    owned: Owned,
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
        let poison = Poison::default();
        Self { handle, is_shown, poison, value: sync::Mutex::new(value) }
    }

    /// Returns the value.
    ///
    /// # Errors
    /// If the lock is poisoned.
    pub fn into_inner(self) -> LockResult<T> {
        let value = self.value.into_inner().unwrap_or_else(PoisonError::into_inner);
        self.poison.result(value)
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
        let is_free = try_own(self.handle, |is_free| self.tried(is_free));
        if is_free { Ok(self.guard()?) } else { Err(TryLockError::WouldBlock) }
    }

    /// Whether a thread has panicked while it held the lock: a step.
    #[track_caller]
    pub fn is_poisoned(&self) -> bool {
        self.poison.is_set(self.handle)
    }

    /// The lock is not poisoned any more: a step.
    #[track_caller]
    pub fn clear_poison(&self) {
        self.poison.clear(self.handle);
    }

    /// The value.
    ///
    /// # Errors
    /// If the lock is poisoned.
    pub fn get_mut(&mut self) -> LockResult<&mut T> {
        let value = self.value.get_mut().unwrap_or_else(PoisonError::into_inner);
        self.poison.result(value)
    }

    pub(super) fn handle(&self) -> Handle {
        self.handle
    }

    /// The guard of the lock, which this thread has acquired.
    #[track_caller]
    pub(super) fn guard(&self) -> LockResult<MutexGuard<'_, T>> {
        let guard =
            MutexGuard { lock: self, value: Some(engine::lock(&self.value)), owned: Owned::new() };
        self.poison.result(guard)
    }

    fn tried(&self, is_free: bool) -> String {
        if is_free {
            self.described("try_lock")
        } else {
            format!("try_lock {}: no", self.handle.name)
        }
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
        self.owned.is_changed
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
        self.owned.is_changed = true;
        self.value.as_deref_mut().expect("the thread holds the lock")
    }
}

impl<T: ?Sized> Drop for MutexGuard<'_, T> {
    fn drop(&mut self) {
        self.value = None;
        let Self { lock, owned, .. } = self;
        lock.poison.release(lock.handle, owned, || lock.described("unlock"));
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
