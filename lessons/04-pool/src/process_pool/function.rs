//! A function that workers can run: how its arguments come out of bytes, and its
//! results go into bytes.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::results::{Kind, Writer};

/// A function that the workers of a pool can run. It has to be known in both programs,
/// the parent's and the worker's, so it is made as a `static`:
///
/// ```
/// # use lesson_04_pool::Function;
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
    /// If a result cannot be written.
    #[doc(hidden)]
    fn run(&self, count: u32, arguments: &[u8], results: &mut Writer) -> anyhow::Result<()>;

    /// The arguments without the first ones.
    #[doc(hidden)]
    fn skip<'a>(&self, count: usize, arguments: &'a [u8]) -> &'a [u8];
}

impl<A: DeserializeOwned, R: Serialize> Task for Function<A, R> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn is_repeatable(&self) -> bool {
        self.repeatable
    }

    fn run(&self, count: u32, mut arguments: &[u8], results: &mut Writer) -> anyhow::Result<()> {
        for _ in 0..count {
            let argument = match postcard::take_from_bytes::<A>(arguments) {
                Ok((argument, rest)) => {
                    arguments = rest;
                    argument
                }
                Err(why) => {
                    results.put(Kind::Unreadable, why.to_string().as_bytes())?;
                    continue;
                }
            };
            // A panic unwinds to here, and whatever it left half done is of this task.
            match catch_unwind(AssertUnwindSafe(|| (self.call)(argument))) {
                Ok(result) => results.put_value(&result)?,
                Err(_) => results.put(Kind::Panicked, last_panic().as_bytes())?,
            }
        }
        Ok(())
    }

    fn skip<'a>(&self, count: usize, mut arguments: &'a [u8]) -> &'a [u8] {
        for _ in 0..count {
            if let Ok((_, rest)) = postcard::take_from_bytes::<A>(arguments) {
                arguments = rest;
            }
        }
        arguments
    }
}

thread_local! {
    /// Where and why this thread panicked last.
    static LAST_PANIC: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Lets panics be kept for the result of their task, not printed.
pub(crate) fn keep_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let payload = panic.payload();
        let message = payload.downcast_ref::<&str>().copied();
        let message = message.or(payload.downcast_ref::<String>().map(String::as_str));
        let message = message.unwrap_or("with a value that is no text");
        let place = panic.location().map(|place| format!("at {place}: ")).unwrap_or_default();
        LAST_PANIC.set(place + message);
    }));
}

fn last_panic() -> String {
    LAST_PANIC.take()
}
