//! A lock that many readers have at the same time, or one writer.

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

/// A lock that many readers have at the same time, or one writer: [`std::sync::RwLock`].
///
/// A reader gets in whenever no writer is inside. With std it may have to wait for a writer that
/// waits already, so a thread that reads twice at a time may wait for ever; that is not found.
pub struct RwLock<T: ?Sized> {
    handle: Handle,
    is_poisoned: AtomicBool,
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
    at: &'static Location<'static>,
    /// The thread may have changed the value.
    is_changed: bool,
    /// The thread unwound already when it acquired the lock.
    was_panicking: bool,
}

impl<T> RwLock<T> {
    /// A lock that is free.
    #[track_caller]
    pub fn new(value: T) -> Self {
        let handle = engine::add_object_at(Location::caller(), "rwlock", Object::lock());
        Self { handle, is_poisoned: AtomicBool::new(false), value: sync::RwLock::new(value) }
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
            |&is_free| self.tried("try_write", is_free),
        );
        if is_free { Ok(self.write_guard()?) } else { Err(TryLockError::WouldBlock) }
    }

    /// Whether a writer has panicked inside: a step.
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

    #[track_caller]
    fn read_guard(&self) -> LockResult<RwLockReadGuard<'_, T>> {
        let value = self.value.read().unwrap_or_else(PoisonError::into_inner);
        let guard = RwLockReadGuard { lock: self, value: Some(value), at: Location::caller() };
        if self.is_poisoned.load(Relaxed) { Err(PoisonError::new(guard)) } else { Ok(guard) }
    }

    #[track_caller]
    fn write_guard(&self) -> LockResult<RwLockWriteGuard<'_, T>> {
        let guard = RwLockWriteGuard {
            lock: self,
            value: Some(self.value.write().unwrap_or_else(PoisonError::into_inner)),
            at: Location::caller(),
            is_changed: false,
            was_panicking: thread::panicking(),
        };
        if self.is_poisoned.load(Relaxed) { Err(PoisonError::new(guard)) } else { Ok(guard) }
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
        self.is_changed = true;
        self.value.as_deref_mut().expect("the thread holds the lock")
    }
}

impl<T: ?Sized> Drop for RwLockWriteGuard<'_, T> {
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
