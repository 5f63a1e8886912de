//! Tests that cannot do their work here, because the system refuses a call that they need: an old
//! kernel does not know it, or a container forbids it. They say so and are passed over.
//!
//! A demo to which this happens ends with a status of its own ([`Unsupported`]), and part of a
//! program that is tested returns an error. Either names the call, and then a test fails in one way
//! or another. It is passed over only if the call is refused to this process, too.

use std::any::Any;
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::thread;

use common::{Unsupported, refused};

use crate::start;

/// How a test came out.
#[derive(Debug)]
pub enum Outcome {
    /// As it should.
    Passed,
    /// It could not do its work, and why.
    NotHere(String),
    /// With this panic.
    Failed(Box<dyn Any + Send>),
}

/// What a test panics with that could not do its work.
struct NotHere(String);

thread_local! {
    /// Why the test of this thread cannot do its work, if a demo of it has said so.
    static WHY: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Runs a test.
pub fn outcome(test: impl FnOnce()) -> Outcome {
    WHY.take();
    let Err(panic) = catch_unwind(AssertUnwindSafe(test)) else { return Outcome::Passed };
    match WHY.take().or_else(|| reason(&*panic)) {
        Some(why) => Outcome::NotHere(why),
        None => Outcome::Failed(panic),
    }
}

/// Runs a test, and [passes it over](start::pass_over) if it cannot do its work here. The
/// attribute [`test`](crate::test) calls it.
///
/// # Panics
/// If the test fails.
pub fn or_pass_over(test: impl FnOnce()) {
    match outcome(test) {
        Outcome::Passed => {}
        Outcome::NotHere(why) => start::pass_over(&why),
        Outcome::Failed(panic) => resume_unwind(panic),
    }
}

/// The refused call because of which a test has panicked, as a sentence.
pub fn reason(panic: &(dyn Any + Send)) -> Option<String> {
    if let Some(NotHere(why)) = panic.downcast_ref() {
        return Some(why.clone());
    }
    let text = panic.downcast_ref::<String>().map(String::as_str);
    refused::reason(text.or(panic.downcast_ref::<&str>().copied())?)
}

/// Why a demo cannot be shown here that has ended with this status and has written this to standard
/// error, if it says so, and if it is because of a refused call.
pub fn why(status: Option<i32>, errors: &str) -> Option<String> {
    let is_not_here = status == Some(Unsupported::STATUS.into());
    refused::reason(errors).filter(|_| is_not_here)
}

/// A demo of the calling test has ended: if it [cannot be shown here](why), neither can the test
/// do its work.
pub fn heed(status: Option<i32>, errors: &str) {
    let Some(why) = why(status, errors) else { return };
    WHY.set(Some(why.clone()));
    // A test that panics already has seen that something is wrong with the demo, but not what.
    if !thread::panicking() {
        resume_unwind(Box::new(NotHere(why)));
    }
}

/// Runs parts of a test at the same time, each in a thread of its own.
///
/// # Panics
/// As one of them: rather as one that fails than as one that cannot do its work here.
pub fn at_the_same_time<T: Send>(parts: impl IntoIterator<Item = T>, run: impl Fn(T) + Sync) {
    let run = &run;
    let mut panics: Vec<_> = thread::scope(|scope| {
        let threads = parts.into_iter().map(|part| scope.spawn(move || run(part)));
        let threads: Vec<_> = threads.collect();
        threads.into_iter().filter_map(|thread| thread.join().err()).collect()
    });
    panics.sort_by_key(|panic| reason(&**panic).is_some());
    if let Some(panic) = panics.into_iter().next() {
        resume_unwind(panic);
    }
}
