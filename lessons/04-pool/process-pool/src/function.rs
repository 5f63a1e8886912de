//! A function that workers can run.

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
