//! A function that workers can run.

use std::any::{TypeId, type_name};

/// A function that the workers of a pool can run. Both the parent and its workers have to
/// know it, so it is a `static`:
///
/// ```
/// # use process_pool::Function;
/// static SQUARE: Function<u64, u64> = Function::new("square", |n| n * n);
/// ```
#[derive(Debug)]
pub struct Function<A, R> {
    pub(crate) name: &'static str,
    pub(crate) call: fn(A) -> R,
    pub(crate) repeatable: bool,
}

/// What distinguishes a function from all others of this process.
#[derive(Debug, PartialEq, Eq)]
pub struct Identity {
    name: &'static str,
    types: TypeId,
    address: usize,
}

impl<A, R> Function<A, R> {
    /// The function `call`, with a name that no other function of the pool has.
    pub const fn new(name: &'static str, call: fn(A) -> R) -> Self {
        Self { name, call, repeatable: false }
    }

    /// Declares that a task may be run again if its worker dies: it does nothing that
    /// must not be done twice.
    pub const fn repeatable(self) -> Self {
        Self { repeatable: true, ..self }
    }
}

impl<A: 'static, R: 'static> Function<A, R> {
    pub(crate) fn identity(&self) -> Identity {
        let address = self.call as usize;
        Identity { name: self.name, types: TypeId::of::<fn(A) -> R>(), address }
    }

    /// Its name and its types, which are the same in a worker.
    pub(crate) fn signature(&self) -> String {
        format!("{}: {} -> {}", self.name, type_name::<A>(), type_name::<R>())
    }
}
