//! What a panic says. It comes back from `join` as the value that was given to `panic!`,
//! whatever type that has.

use std::any::Any;

/// The message of a panic: a `&str` if it was written out, a `String` if it was made.
pub fn message(panic: &(dyn Any + Send)) -> &str {
    match (panic.downcast_ref::<&str>(), panic.downcast_ref::<String>()) {
        (Some(text), _) => text,
        (_, Some(text)) => text,
        _ => "a panic without a message",
    }
}

/// Lets Rust print no message for each panic: the demo prints what there is to say.
pub fn be_quiet() {
    std::panic::set_hook(Box::new(|_| {}));
}
