//! The panics of an execution: a thread that joins another learns only that it has panicked.

use std::panic;
use std::sync::{Mutex, PoisonError};

use explorer::{Explorer, Program, Schedule};

use super::Shown;

/// The first panic since it was last forgotten: the message, the file and the line.
static FIRST: Mutex<Option<(String, String, u32)>> = Mutex::new(None);

/// Notes each first panic from now on.
pub fn note() {
    // The first exploration sets the explorer's own hook, which keeps panics from ours.
    let _ = Explorer::default().replay(&Schedule::default(), |_: &mut Program| {});
    panic::set_hook(Box::new(|panic| {
        let mut first = FIRST.lock().unwrap_or_else(PoisonError::into_inner);
        if let (None, Some(at)) = (&*first, panic.location()) {
            let message = common::panics::message(panic.payload()).to_owned();
            *first = Some((message, at.file().to_owned(), at.line()));
        }
    }));
}

/// Forgets the panics so far.
pub fn forget() {
    *FIRST.lock().unwrap_or_else(PoisonError::into_inner) = None;
}

/// What the first one said, and in which line if it was the program's.
pub fn first(shown: &Shown) -> Option<String> {
    let first = FIRST.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let (message, file, line) = first?;
    let place = shown(&file).map_or(String::new(), |_| format!(", in line {line}"));
    Some(format!("a thread panics{place}: {message}"))
}

/// This message, with the line of the program where the first panic said it.
pub fn with_line(message: &str, shown: &Shown) -> Option<String> {
    let first = FIRST.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let (first, file, line) = first?;
    (first == message && shown(&file).is_some()).then(|| format!("{message}, in line {line}"))
}
