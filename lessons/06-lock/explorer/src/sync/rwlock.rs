//! A lock that many readers have at the same time, or one writer.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::panic::Location;
use std::sync::{self, LockResult, PoisonError, TryLockError, TryLockResult};

use super::poison::{Owned, Poison, try_own};
use crate::engine::{self, Handle, step, step_at};
use crate::execution::Object;
use crate::op::Op;
use crate::shown::shown;

/// A lock that many readers have at the same time, or one writer: [`std::sync::RwLock`].
///
/// A reader gets in whenever no writer is inside. With std it may have to wait for a writer that
/// waits already, so a thread that reads twice at a time may wait for ever; that is not found.
pub struct RwLock<T: ?Sized> {
    handle: Handle,
    poison: Poison,
    value: sync::RwLock<T>,
}

/// Access to the value for a reader. Dropping it releases the lock: a step.
#[must_use = "if unused the RwLock will immediately unlock"]
pub struct RwLockReadGuard<'a, T: ?Sized> {
    lock: &'a RwLock<T>,
    /// `None` while the lock is being released.
    value: Option<sync::RwLockReadGuard<'a, T>>,
    at: &'static Location<'static>,
}

/// Access to the value for the writer. Dropping it releases the lock: a step.
#[must_use = "if unused the RwLock will immediately unlock"]
pub struct RwLockWriteGuard<'a, T: ?Sized> {
    lock: &'a RwLock<T>,
    /// `None` while the lock is being released.
    value: Option<sync::RwLockWriteGuard<'a, T>>,
    owned: Owned,
}

impl<T> RwLock<T> {
    /// A lock that is free.
    #[track_caller]
    pub fn new(value: T) -> Self {
        let handle = engine::add_object_at(Location::caller(), "rwlock", Object::lock());
        Self { handle, poison: Poison::default(), value: sync::RwLock::new(value) }
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

impl<T: ?Sized> RwLock<T> {
    /// Acquires the lock for reading as soon as no writer has it: a step.
    ///
    /// # Errors
    /// If the lock is poisoned.
    #[track_caller]
    pub fn read(&self) -> LockResult<RwLockReadGuard<'_, T>> {
        let id = self.handle.id();
        step(
            Op::Share(id),
            |execution, me| execution.add_reader(id, me),
            |()| self.described("read"),
        );
        self.read_guard()
    }

    /// Acquires the lock for writing as soon as it is free: a step.
    ///
    /// # Errors
    /// If the lock is poisoned.
    #[track_caller]
    pub fn write(&self) -> LockResult<RwLockWriteGuard<'_, T>> {
        let id = self.handle.id();
        step(
            Op::Lock(id),
            |execution, me| execution.set_owner(id, Some(me)),
            |()| self.described("write"),
        );
        self.write_guard()
    }

    /// Acquires the lock for reading if no writer has it: a step.
    ///
    /// # Errors
    /// If one has, or if the lock is poisoned.
    #[track_caller]
    pub fn try_read(&self) -> TryLockResult<RwLockReadGuard<'_, T>> {
        let id = self.handle.id();
        let is_free = step(
            Op::Write(id),
            |execution, me| {
                let is_free = execution.lock(id).owner.is_none();
                if is_free {
                    execution.add_reader(id, me);
                } else {
                    execution.see_owner(id, me);
                }
                is_free
            },
            |&is_free| self.tried("try_read", is_free),
        );
        if is_free { Ok(self.read_guard()?) } else { Err(TryLockError::WouldBlock) }
    }

    /// Acquires the lock for writing if it is free: a step.
    ///
    /// # Errors
    /// If it is not, or if it is poisoned.
    #[track_caller]
    pub fn try_write(&self) -> TryLockResult<RwLockWriteGuard<'_, T>> {
        let is_free = try_own(self.handle, |is_free| self.tried("try_write", is_free));
        if is_free { Ok(self.write_guard()?) } else { Err(TryLockError::WouldBlock) }
    }

    /// Whether a writer has panicked inside: a step.
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

    #[track_caller]
    fn read_guard(&self) -> LockResult<RwLockReadGuard<'_, T>> {
        let value = self.value.read().unwrap_or_else(PoisonError::into_inner);
        let guard = RwLockReadGuard { lock: self, value: Some(value), at: Location::caller() };
        self.poison.result(guard)
    }

    #[track_caller]
    fn write_guard(&self) -> LockResult<RwLockWriteGuard<'_, T>> {
        let guard = RwLockWriteGuard {
            lock: self,
            value: Some(self.value.write().unwrap_or_else(PoisonError::into_inner)),
            owned: Owned::new(),
        };
        self.poison.result(guard)
    }

    fn described(&self, what: &str) -> String {
        let name = self.handle.name;
        match self.value.try_read().ok().and_then(|value| shown(&*value)) {
            Some(value) => format!("{what} {name}: {value}"),
            None => format!("{what} {name}"),
        }
    }

    fn tried(&self, what: &str, is_free: bool) -> String {
        if is_free { self.described(what) } else { format!("{what} {}: no", self.handle.name) }
    }
}

impl<T: ?Sized> Deref for RwLockReadGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.value.as_deref().expect("the thread holds the lock")
    }
}

impl<T: ?Sized> Drop for RwLockReadGuard<'_, T> {
    fn drop(&mut self) {
        self.value = None;
        let id = self.lock.handle.id();
        step_at(
            self.at,
            Op::Unshare(id),
            |execution, me| execution.remove_reader(id, me),
            |()| format!("unlock {}", self.lock.handle.name),
        );
    }
}

impl<T: ?Sized> Deref for RwLockWriteGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.value.as_deref().expect("the thread holds the lock")
    }
}

impl<T: ?Sized> DerefMut for RwLockWriteGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        self.owned.is_changed = true;
        self.value.as_deref_mut().expect("the thread holds the lock")
    }
}

impl<T: ?Sized> Drop for RwLockWriteGuard<'_, T> {
    fn drop(&mut self) {
        self.value = None;
        let Self { lock, owned, .. } = self;
        lock.poison.release(lock.handle, owned, || lock.described("unlock"));
    }
}

impl<T> From<T> for RwLock<T> {
    #[track_caller]
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

impl<T: Default> Default for RwLock<T> {
    #[track_caller]
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T: ?Sized> fmt::Debug for RwLock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RwLock").field("name", &self.handle.name).finish_non_exhaustive()
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for RwLockReadGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for RwLockWriteGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: ?Sized + fmt::Display> fmt::Display for RwLockReadGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: ?Sized + fmt::Display> fmt::Display for RwLockWriteGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
