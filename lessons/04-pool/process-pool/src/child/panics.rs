//! Where the messages of panics go. Rust prints them; a worker keeps that of a task for its
//! result. None is lost: one that does not become a result is printed after all.

use std::any::Any;
use std::cell::RefCell;
use std::io::{Write, stderr};
use std::thread;

use common::panics::{self, discard};

thread_local! {
    /// Where and why the thread of the tasks has panicked, if no result says it yet.
    static UNREPORTED: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Keeps the panics of this thread, which runs the tasks, from being printed at once.
pub fn keep() {
    // Nothing comes after a panic that ends the process.
    if cfg!(panic = "abort") {
        return;
    }
    let this_thread = thread::current().id();
    let print = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if thread::current().id() != this_thread {
            return print(panic);
        }
        let message = panics::message(panic.payload());
        let place = panic.location().map(|place| format!("at {place}: ")).unwrap_or_default();
        let text = place + message;
        if let Some(earlier) = UNREPORTED.take() {
            // The task has caught the earlier one; or this one is the consequence of it, in a
            // function that cannot unwind, and ends the process.
            report(&earlier);
            report(&text);
        }
        UNREPORTED.set(Some(text));
    }));
}

/// Where and why the task panicked that has left this panic.
pub fn take(panic: Box<dyn Any + Send>) -> String {
    // `resume_unwind` runs no hook.
    let text = UNREPORTED.take().unwrap_or_else(|| panics::message(&*panic).to_owned());
    discard(panic);
    text
}

/// Prints the panic that a task has caught itself, if it has.
pub fn print_caught() {
    if let Some(text) = UNREPORTED.take() {
        report(&text);
    }
}

fn report(text: &str) {
    // One write a line, or lines of several processes would mix.
    let line = format!("pid {}: a task panicked {text}\n", std::process::id());
    // Not `eprint!`, which panics where nobody reads it any more: that would cost the next task.
    let _ = stderr().write_all(line.as_bytes());
}
