//! A condition variable.

use std::mem;
use std::panic::Location;
use std::sync::{LockResult, PoisonError};
use std::time::Duration;

use super::mutex::{Mutex, MutexGuard};
use crate::engine::{self, Handle, step, timed_step};
use crate::execution::{Execution, Object};
use crate::op::{Op, ThreadId};

/// A condition variable: [`std::sync::Condvar`].
///
/// A notification wakes any one of the waiting threads, as std promises no more. A wait with a
/// limit may time out at any time, whatever the limit is.
#[derive(Debug)]
pub struct Condvar {
    handle: Handle,
}

/// Whether the time of a wait was over: [`std::sync::WaitTimeoutResult`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WaitTimeoutResult(bool);

impl WaitTimeoutResult {
    /// Whether the time was over before a notification came.
    pub fn timed_out(&self) -> bool {
        self.0
    }
}

impl Condvar {
    /// A condition variable that no thread waits on.
    #[track_caller]
    pub fn new() -> Self {
        let handle = engine::add_object_at(Location::caller(), "condvar", Object::condvar());
        Self { handle }
    }

    /// A condition variable with a name for the reports.
    pub(crate) fn named(name: &'static str) -> Self {
        Self { handle: engine::add_object(name, Object::condvar()) }
    }

    /// Releases the lock and begins to wait: a step. After a notification, and when the
    /// lock is free, acquires the lock again: another step.
    ///
    /// # Errors
    /// If the lock is poisoned.
    #[track_caller]
    pub fn wait<'a, T>(&self, guard: MutexGuard<'a, T>) -> LockResult<MutexGuard<'a, T>> {
        let mutex = self.begin_wait(guard);
        let (condvar, lock) = (self.handle.id(), mutex.handle().id());
        step(
            Op::Wake { condvar, lock },
            |execution, me| {
                execution.set_owner(lock, Some(me));
                execution.end_wait(condvar, me)
            },
            |&notified| {
                if notified {
                    mutex.described("woken, lock")
                } else {
                    "woken for nothing".to_owned()
                }
            },
        );
        mutex.guard()
    }

    /// Waits while the condition holds.
    ///
    /// # Errors
    /// If the lock is poisoned.
    #[track_caller]
    pub fn wait_while<'a, T, F: FnMut(&mut T) -> bool>(
        &self,
        mut guard: MutexGuard<'a, T>,
        mut condition: F,
    ) -> LockResult<MutexGuard<'a, T>> {
        while condition(&mut guard) {
            guard = self.wait(guard)?;
        }
        Ok(guard)
    }

    /// Waits, and may stop at any time: the limit is not looked at. To stop is a step, and to
    /// acquire the lock another one.
    ///
    /// # Errors
    /// If the lock is poisoned.
    #[track_caller]
    pub fn wait_timeout<'a, T>(
        &self,
        guard: MutexGuard<'a, T>,
        _limit: Duration,
    ) -> LockResult<(MutexGuard<'a, T>, WaitTimeoutResult)> {
        let mutex = self.begin_wait(guard);
        let condvar = self.handle.id();
        let timed_out = timed_step(
            Op::Take(condvar),
            |execution, me, is_notified| {
                execution.queue(condvar).remove(me);
                !is_notified
            },
            |timed_out| if *timed_out { "time is over" } else { "woken" }.to_owned(),
        );
        let result = WaitTimeoutResult(timed_out);
        match mutex.lock() {
            Ok(guard) => Ok((guard, result)),
            Err(poisoned) => Err(PoisonError::new((poisoned.into_inner(), result))),
        }
    }

    /// Waits while the condition holds, and may stop at any time.
    ///
    /// # Errors
    /// If the lock is poisoned.
    #[track_caller]
    pub fn wait_timeout_while<'a, T, F: FnMut(&mut T) -> bool>(
        &self,
        mut guard: MutexGuard<'a, T>,
        limit: Duration,
        mut condition: F,
    ) -> LockResult<(MutexGuard<'a, T>, WaitTimeoutResult)> {
        loop {
            if !condition(&mut guard) {
                return Ok((guard, WaitTimeoutResult(false)));
            }
            let (woken, result) = self.wait_timeout(guard, limit)?;
            guard = woken;
            if result.timed_out() {
                let still = condition(&mut guard);
                return Ok((guard, WaitTimeoutResult(still)));
            }
        }
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
            |execution, me| {
                let count = execution.queue(id).notify(all);
                if count > 0 {
                    execution.change(id, me);
                }
                count
            },
            |count| format!("notify {}: {count}", self.handle.name),
        );
    }

    #[track_caller]
    fn begin_wait<'a, T>(&self, mut guard: MutexGuard<'a, T>) -> &'a Mutex<T> {
        let (condvar, lock) = (self.handle.id(), guard.lock().handle().id());
        let is_changed = guard.let_go();
        let begin = |execution: &mut Execution, me: ThreadId| {
            execution.set_owner(lock, None);
            execution.queue(condvar).push(me);
            if is_changed {
                execution.change(lock, me);
            }
        };
        step(Op::Wait { condvar, lock }, begin, |()| format!("wait for {}", self.handle.name));
        let mutex = guard.lock();
        // The lock has been released.
        mem::forget(guard);
        mutex
    }
}

impl Default for Condvar {
    #[track_caller]
    fn default() -> Self {
        Self::new()
    }
}
