//! Variables whose every load and store is a step.

use std::fmt::Debug;
use std::mem;
use std::sync::{Arc, Mutex};

use crate::engine::{Handle, add_object, lock, step};
use crate::execution::Object;
use crate::op::Op;
use crate::sync::atomic::Variable;

/// A plain variable, as in Python: all threads can read and write it. A clone is another
/// handle to the same variable.
#[derive(Debug)]
pub struct Cell<T> {
    handle: Handle,
    value: Arc<Mutex<Arc<T>>>,
}

impl<T> Clone for Cell<T> {
    fn clone(&self) -> Self {
        Self { handle: self.handle, value: Arc::clone(&self.value) }
    }
}

impl<T: Clone + Debug> Cell<T> {
    /// A variable with a name for the reports.
    pub fn new(name: &'static str, value: T) -> Self {
        let handle = add_object(name, Object::Variable);
        Self { handle, value: Arc::new(Mutex::new(Arc::new(value))) }
    }

    /// Reads it: a step.
    #[track_caller]
    pub fn get(&self) -> T {
        let value = self.step(Op::Read(self.handle.id()), "load", |value| Arc::clone(value));
        T::clone(&value)
    }

    /// Writes it: a step.
    #[track_caller]
    pub fn set(&self, new: T) {
        let new = Arc::new(new);
        // The value before is dropped after the step: it may take steps in its `Drop`.
        self.step(Op::Write(self.handle.id()), "store", |value| mem::replace(value, new));
    }

    /// Takes a step. Nothing of the value's type runs inside: it may take steps of its own.
    #[track_caller]
    fn step<R>(&self, op: Op, what: &str, effect: impl FnOnce(&mut Arc<T>) -> R) -> R {
        let result = step(
            op,
            |execution, me| {
                if let Op::Write(id) = op {
                    execution.change(id, me);
                }
                let mut value = lock(&self.value);
                let result = effect(&mut value);
                (result, Arc::clone(&value))
            },
            |(_, value)| format!("{what} {}: {value:?}", self.handle.name),
        );
        result.0
    }
}

/// A number that can be changed in one step. A clone is another handle to the same one.
#[derive(Clone, Debug)]
pub struct Atomic(Arc<Variable<i64>>);

impl Atomic {
    /// A number with a name for the reports.
    pub fn new(name: &'static str, value: i64) -> Self {
        Self(Arc::new(Variable::new(add_object(name, Object::Variable), value)))
    }

    /// Reads it: a step.
    #[track_caller]
    pub fn load(&self) -> i64 {
        self.0.load()
    }

    /// Writes it: a step.
    #[track_caller]
    pub fn store(&self, new: i64) {
        self.0.update("store", |_| Some(new));
    }

    /// Adds to it in one step. Returns the value before.
    #[track_caller]
    pub fn fetch_add(&self, n: i64) -> i64 {
        self.0.update("fetch_add", |value| Some(value.wrapping_add(n)))
    }

    /// Writes it if it has the expected value, all in one step. Returns the value before.
    ///
    /// # Errors
    /// The value, if it is not the expected one.
    #[track_caller]
    pub fn compare_exchange(&self, expected: i64, new: i64) -> Result<i64, i64> {
        self.0.compare_exchange(expected, new)
    }
}
