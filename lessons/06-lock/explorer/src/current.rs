//! Which exploration a thread is in, and what it said when it panicked there.

use std::cell::RefCell;
use std::panic;
use std::sync::{Arc, Once};

use common::panics;

use super::engine::Engine;
use super::op::ThreadId;

thread_local! {
    /// In which exploration this thread is, and its number there.
    static CURRENT: RefCell<Option<(Arc<Engine>, ThreadId)>> = const { RefCell::new(None) };
    /// The message of the last panic of this thread.
    static MESSAGE: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Puts this thread into an exploration, with this number there, or out of it.
pub(super) fn set_current(current: Option<(Arc<Engine>, ThreadId)>) {
    CURRENT.set(current);
}

/// Calls a function with the exploration that this thread is in.
///
/// # Panics
/// If it is in none.
pub(super) fn with_current<R>(call: impl FnOnce(&Arc<Engine>, ThreadId) -> R) -> R {
    CURRENT.with_borrow(|current| {
        let (engine, me) = current.as_ref().expect("only a program that is explored has these");
        call(engine, *me)
    })
}

/// Keeps the message of a panic in a program that is explored, instead of printing it: it
/// may panic in thousands of orders.
pub(super) fn catch_messages() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            // Not if the thread is being torn down, and its variables with it.
            let explored = CURRENT
                .try_with(|current| current.try_borrow().is_ok_and(|current| current.is_some()));
            if explored.unwrap_or(false) {
                MESSAGE.set(panics::message(panic.payload()).to_owned());
            } else {
                before(panic);
            }
        }));
    });
}

/// The message of a panic that was caught.
pub(super) fn message() -> String {
    MESSAGE.take()
}
