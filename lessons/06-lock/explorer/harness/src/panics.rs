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

/// Where the first one was, if it said this and was in a line of the program.
pub fn in_program(message: &str, shown: &Shown) -> Option<String> {
    let first = FIRST.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let (said, file, _) = first?;
    if said == message && shown(&file).is_some() { self::first(shown) } else { None }
}

/// What the first one said, and in which line if it was the program's.
pub fn first(shown: &Shown) -> Option<String> {
    let first = FIRST.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let (message, file, line) = first?;
    let place = shown(&file).map_or(String::new(), |_| format!(", in line {line}"));
    // Where a program would end its process, `std::process` of the explorer panics.
    Some(if message.starts_with("the program ") {
        format!("{message}{place}")
    } else {
        format!("a thread panics{place}: {message}")
    })
}
