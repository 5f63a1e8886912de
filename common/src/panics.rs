//! The message of a panic. `join` returns the value of the panic, which may be of any type.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::output::end_if_output_failed;

/// The message of a panic: a `&str` if it was written out, a `String` if it was made.
pub fn message(panic: &(dyn Any + Send)) -> &str {
    match (panic.downcast_ref::<&str>(), panic.downcast_ref::<String>()) {
        (Some(text), _) => text,
        (_, Some(text)) => text,
        _ => "a panic without a message",
    }
}

/// Drops the value of a panic, even if that panics, too.
pub fn discard(panic: Box<dyn Any + Send>) {
    if let Err(another) = catch_unwind(AssertUnwindSafe(|| drop(panic))) {
        // Dropping this one might panic, too.
        std::mem::forget(another);
    }
}

/// Stops Rust from printing a message for each panic: the demo prints its own.
pub fn silence() {
    std::panic::set_hook(Box::new(end_if_output_failed));
}
