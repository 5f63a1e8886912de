//! Locks and condition variables whose operations are steps.

use std::ops::{Deref, DerefMut};
use std::panic::Location;
use std::sync::{self, Arc, PoisonError};
use std::thread;

use super::current::with_current;
use super::engine::step;
use super::op::{Object, Op};
use super::queue::Queue;
use super::state::Thing;

/// A lock with a value inside. A clone is another name for the same lock.
///
/// It is not poisoned: the first panic ends an execution.
#[derive(Debug)]
pub struct Mutex<T> {
    name: &'static str,
    object: Object,
    value: Arc<sync::Mutex<T>>,
}

impl<T> Clone for Mutex<T> {
    fn clone(&self) -> Self {
        Self { name: self.name, object: self.object, value: Arc::clone(&self.value) }
    }
}

/// The value of a lock that this thread has. Dropped, it gives the lock back: a step.
#[derive(Debug)]
pub struct Guard<'a, T> {
    lock: &'a Mutex<T>,
    /// `None` while the lock is given back.
    value: Option<sync::MutexGuard<'a, T>>,
    taken_at: &'static Location<'static>,
}

impl<T> Mutex<T> {
    /// A lock with this name, for those who read what was done.
    ///
    /// # Panics
    /// Outside of a program that is explored; so do all other functions of it.
    pub fn new(name: &'static str, value: T) -> Self {
        let object =
            with_current(|engine, _| engine.state().add(name, Thing::Lock { owner: None }));
        Self { name, object, value: Arc::new(sync::Mutex::new(value)) }
    }

    /// Takes the lock, as soon as it is free: a step.
    #[track_caller]
    pub fn lock(&self) -> Guard<'_, T> {
        self.take(Op::Lock(self.object), Location::caller(), |state| {
            state.tell(|| format!("lock {}", self.name));
        })
    }

    fn take(
        &self,
        op: Op,
        at: &'static Location<'static>,
        also: impl FnOnce(&mut super::state::State),
    ) -> Guard<'_, T> {
        step(op, at, |state| {
            let me = with_current(|_, me| me);
            *state.owner(self.object) = Some(me);
            also(state);
        });
        let value = self.value.lock().unwrap_or_else(PoisonError::into_inner);
        Guard { lock: self, value: Some(value), taken_at: at }
    }
}

impl<T> Deref for Guard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.value.as_deref().expect("it has the lock")
    }
}

impl<T> DerefMut for Guard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        self.value.as_deref_mut().expect("it has the lock")
    }
}

impl<T> Drop for Guard<'_, T> {
    fn drop(&mut self) {
        self.value = None;
        // The execution is over then, and the lock with it.
        if !thread::panicking() {
            step(Op::Unlock(self.lock.object), self.taken_at, |state| {
                *state.owner(self.lock.object) = None;
                state.tell(|| format!("unlock {}", self.lock.name));
            });
        }
    }
}

/// A condition variable. A clone is another name for the same one.
///
/// A notification wakes any one of those that wait, not the one that has waited longest,
/// as std promises no more.
#[derive(Clone, Debug)]
pub struct Condvar {
    name: &'static str,
    object: Object,
}

impl Condvar {
    /// A condition variable with this name, for those who read what was done.
    ///
    /// # Panics
    /// Outside of a program that is explored; so do all other functions of it.
    pub fn new(name: &'static str) -> Self {
        let thing = Thing::Condition(Queue::default());
        Self { name, object: with_current(|engine, _| engine.state().add(name, thing)) }
    }

    /// Gives the lock back and waits for a notification: a step. When it came and the lock
    /// is free, takes the lock: another one.
    #[track_caller]
    pub fn wait<'a, T>(&self, mut guard: Guard<'a, T>) -> Guard<'a, T> {
        let (at, me) = (Location::caller(), with_current(|_, me| me));
        let lock = guard.lock;
        let (condition, object) = (self.object, lock.object);
        guard.value = None;
        step(Op::Wait { condition, lock: object }, at, |state| {
            *state.owner(object) = None;
            state.queue(condition).begin(me);
            state.tell(|| format!("wait for {}", self.name));
        });
        // It has given the lock back already.
        std::mem::forget(guard);
        lock.take(Op::Wake { condition, lock: object }, at, |state| {
            let notified = state.queue(condition).end(me);
            state.threads[me].spurious -= u32::from(!notified);
            state.tell(|| match notified {
                true => format!("woken, lock {}", lock.name),
                false => "woken for nothing".to_owned(),
            });
        })
    }

    /// Wakes one of those that wait, if there is one: a step.
    #[track_caller]
    pub fn notify_one(&self) {
        self.notify(false, Location::caller());
    }

    /// Wakes all that wait: a step.
    #[track_caller]
    pub fn notify_all(&self) {
        self.notify(true, Location::caller());
    }

    fn notify(&self, all: bool, at: &'static Location<'static>) {
        step(Op::Notify(self.object), at, |state| {
            let count = state.queue(self.object).notify(all);
            state.tell(|| format!("notify {}: {count}", self.name));
        });
    }
}
