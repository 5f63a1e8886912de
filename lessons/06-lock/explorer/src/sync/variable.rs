//! Variables whose every load and store is a step.

use std::fmt::Debug;
use std::mem;
use std::sync::{Arc, Mutex};

use crate::engine::{add_object, lock, step};
use crate::execution::Object;
use crate::op::{ObjectId, Op};

/// A plain variable, as in Python: all threads can read and write it. A clone is another
/// handle to the same variable.
#[derive(Debug)]
pub struct Cell<T> {
    name: &'static str,
    id: ObjectId,
    value: Arc<Mutex<T>>,
}

impl<T> Clone for Cell<T> {
    fn clone(&self) -> Self {
        Self { name: self.name, id: self.id, value: Arc::clone(&self.value) }
    }
}

impl<T: Clone + Debug> Cell<T> {
    /// A variable with a name for the reports.
    pub fn new(name: &'static str, value: T) -> Self {
        let id = add_object(name, Object::Variable);
        Self { name, id, value: Arc::new(Mutex::new(value)) }
    }

    /// Reads it: a step.
    #[track_caller]
    pub fn get(&self) -> T {
        self.step(Op::Read(self.id), "load", |value| value.clone())
    }

    /// Writes it: a step.
    #[track_caller]
    pub fn set(&self, new: T) {
        self.step(Op::Write(self.id), "store", |value| *value = new);
    }

    /// Reads and writes it in one step.
    #[track_caller]
    fn update<R>(&self, what: &str, change: impl FnOnce(&mut T) -> R) -> R {
        self.step(Op::Write(self.id), what, change)
    }

    #[track_caller]
    fn step<R>(&self, op: Op, what: &str, effect: impl FnOnce(&mut T) -> R) -> R {
        step(
            op,
            |_, _| effect(&mut lock(&self.value)),
            |_| format!("{what} {}: {:?}", self.name, lock(&self.value)),
        )
    }
}

/// A number that can be changed in one step. A clone is another handle to the same one.
#[derive(Clone, Debug)]
pub struct Atomic(Cell<i64>);

impl Atomic {
    /// A number with a name for the reports.
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

    /// Adds to it in one step. Returns the value before.
    #[track_caller]
    pub fn fetch_add(&self, n: i64) -> i64 {
        self.0.update("fetch_add", |value| mem::replace(value, value.wrapping_add(n)))
    }

    /// Writes it if it has the expected value, all in one step. Returns the value before.
    ///
    /// # Errors
    /// The value, if it is not the expected one.
    #[track_caller]
    pub fn compare_exchange(&self, expected: i64, new: i64) -> Result<i64, i64> {
        self.0.update("compare_exchange", |value| {
            if *value == expected { Ok(mem::replace(value, new)) } else { Err(*value) }
        })
    }
}
