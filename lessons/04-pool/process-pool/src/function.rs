//! A function that workers can run.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use anyhow::Result;
use common::panics;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::flow::Kind;
use super::worker::{Inbox, Outbox};

/// A function that the workers of a pool can run. It has to be known in both programs,
/// the parent's and the worker's, so it is made as a `static`:
///
/// ```
/// # use process_pool::Function;
/// static SQUARE: Function<u64, u64> = Function::new("square", |n| n * n);
/// ```
#[derive(Debug)]
pub struct Function<A, R> {
    pub(crate) name: &'static str,
    call: fn(A) -> R,
    repeatable: bool,
}

impl<A, R> Function<A, R> {
    /// The function `call`, by a name that no other function of the pool has.
    pub const fn new(name: &'static str, call: fn(A) -> R) -> Self {
        Self { name, call, repeatable: false }
    }

    /// Declares that a task may be run again if its worker dies: it does nothing that
    /// must not be done twice.
    pub const fn repeatable(self) -> Self {
        Self { repeatable: true, ..self }
    }
}

/// A [`Function`] whatever its types are.
pub trait Task: Sync {
    /// Its name.
    fn name(&self) -> &'static str;

    /// Whether a task may be run again if its worker dies.
    fn is_repeatable(&self) -> bool;

    /// Runs it with each of so many arguments, and writes the results.
    ///
    /// # Errors
    /// If the parent is gone.
    #[doc(hidden)]
    fn run(&self, count: u32, arguments: &mut Inbox, results: &mut Outbox) -> Result<()>;
}

impl<A: DeserializeOwned, R: Serialize> Task for Function<A, R> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn is_repeatable(&self) -> bool {
        self.repeatable
    }

    fn run(&self, count: u32, arguments: &mut Inbox, results: &mut Outbox) -> Result<()> {
        for _ in 0..count {
            let argument = match arguments.take::<A>()? {
                Ok(argument) => argument,
                Err(why) => {
                    results.put_text(Kind::Unreadable, &why)?;
                    continue;
                }
            };
            // A panic unwinds to here, and whatever it left half done is of this task.
            match catch_unwind(AssertUnwindSafe(|| (self.call)(argument))) {
                Ok(result) => results.put(&result)?,
                Err(_) => results.put_text(Kind::Panicked, &LAST_PANIC.take())?,
            }
        }
        Ok(())
    }
}

thread_local! {
    /// Where and why this thread panicked last.
    static LAST_PANIC: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Lets panics be kept for the result of their task, not printed.
pub(crate) fn keep_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let message = panics::message(panic.payload());
        let place = panic.location().map(|place| format!("at {place}: ")).unwrap_or_default();
        LAST_PANIC.set(place + message);
    }));
}
