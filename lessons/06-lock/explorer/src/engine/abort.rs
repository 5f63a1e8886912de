//! Keeps a panic that cannot be unwound from ending the process: only its thread stops.

use std::cell::Cell;
use std::sync::Once;

use nix::libc::c_int;
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};
use nix::unistd::pause;

/// What std says just before it aborts the process, because a panic cannot leave the code that
/// runs: a `Drop` while another panic unwinds the thread, or an `extern "C"` function.
const BEFORE_ABORT: [&str; 2] =
    ["panic in a destructor during cleanup", "panic in a function that cannot unwind"];

thread_local! {
    static SLEEPS: Cell<bool> = const { Cell::new(false) };
}

/// Whether std aborts the process when it has said this.
pub fn is_next(message: &str) -> bool {
    BEFORE_ABORT.contains(&message)
}

/// From now on this thread sleeps for good where it would abort the process. It could as well sleep
/// at once, in the panic hook, but std holds a lock there for which the end of a test program
/// waits.
///
/// # Panics
/// If the system refuses.
pub fn sleep_instead() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let handler = SigHandler::Handler(on_abort);
        let action = SigAction::new(handler, SaFlags::empty(), SigSet::empty());
        // SAFETY: the handler only reads a thread-local that is neither made nor dropped at run
        // time, and calls pause(2): both are safe at any moment.
        unsafe { sigaction(Signal::SIGABRT, &action) }.expect("SIGABRT can be handled");
    });
    SLEEPS.set(true);
}

/// If this returns, `abort` ends the process all the same.
extern "C" fn on_abort(_: c_int) {
    while SLEEPS.get() {
        pause();
    }
}
