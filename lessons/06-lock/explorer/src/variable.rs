//! Variables whose every load and store is a step.

use std::fmt::Debug;
use std::panic::Location;
use std::sync::{Arc, Mutex, PoisonError};

use super::current::with_current;
use super::engine::step;
use super::op::{Object, Op};
use super::state::{State, Thing};

/// A plain variable, as Python has them: all threads can read and write it. A clone is
/// another name for the same variable.
#[derive(Debug)]
pub struct Cell<T> {
    name: &'static str,
    object: Object,
    value: Arc<Mutex<T>>,
}

impl<T> Clone for Cell<T> {
    fn clone(&self) -> Self {
        Self { name: self.name, object: self.object, value: Arc::clone(&self.value) }
    }
}

impl<T: Clone + Debug> Cell<T> {
    /// A variable with this name, for those who read what was done.
    ///
    /// # Panics
    /// Outside of a program that is explored; so do all other functions of it.
    pub fn new(name: &'static str, value: T) -> Self {
        let object = with_current(|engine, _| engine.state().add(name, Thing::Variable));
        Self { name, object, value: Arc::new(Mutex::new(value)) }
    }

    /// Reads it: a step.
    #[track_caller]
    pub fn get(&self) -> T {
        self.step(Op::Load(self.object), "load", |value| value.clone())
    }

    /// Writes it: a step.
    #[track_caller]
    pub fn set(&self, new: T) {
        self.step(Op::Store(self.object), "store", |value| *value = new);
    }

    /// Reads and writes it in one step.
    #[track_caller]
    fn update<R>(&self, what: &str, change: impl FnOnce(&mut T) -> R) -> R {
        self.step(Op::Update(self.object), what, change)
    }

    #[track_caller]
    fn step<R>(&self, op: Op, what: &str, effect: impl FnOnce(&mut T) -> R) -> R {
        step(op, Location::caller(), |state: &mut State| {
            let mut value = self.value.lock().unwrap_or_else(PoisonError::into_inner);
            let result = effect(&mut value);
            state.tell(|| format!("{what} {}: {:?}", self.name, *value));
            result
        })
    }
}

/// A number that can be changed in one step. A clone is another name for the same one.
#[derive(Clone, Debug)]
pub struct Atomic(Cell<i64>);

impl Atomic {
    /// A number with this name, for those who read what was done.
    pub fn new(name: &'static str, value: i64) -> Self {
        Self(Cell::new(name, value))
    }

    /// Reads it: a step.
    #[track_caller]
    pub fn load(&self) -> i64 {
        self.0.get()
    }

    /// Writes it: a step.
    #[track_caller]
    pub fn store(&self, new: i64) {
        self.0.set(new);
    }

    /// Adds to it in one step; returns what it was before.
    #[track_caller]
    pub fn fetch_add(&self, n: i64) -> i64 {
        self.0.update("fetch_add", |value| std::mem::replace(value, value.wrapping_add(n)))
    }

    /// Writes it, in one step with reading what it was before.
    #[track_caller]
    pub fn swap(&self, new: i64) -> i64 {
        self.0.update("swap", |value| std::mem::replace(value, new))
    }

    /// Writes it if it is as expected, all in one step.
    ///
    /// # Errors
    /// If it is not: what it is.
    #[track_caller]
    pub fn compare_exchange(&self, expected: i64, new: i64) -> Result<i64, i64> {
        self.0.update("compare_exchange", |value| match *value {
            current if current == expected => Ok(std::mem::replace(value, new)),
            current => Err(current),
        })
    }
}
