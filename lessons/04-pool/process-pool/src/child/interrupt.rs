//! Ctrl-C, which goes to all processes in the terminal. What it does to the pool is for the
//! parent to decide, so a worker goes on. What its tasks have started ends, as it would
//! without a pool.

use std::sync::atomic::{AtomicI32, Ordering};

use anyhow::{Context, Result};
use nix::libc::c_int;
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, raise, sigaction, signal};
use nix::unistd::getpid;

/// The process that goes on.
static WORKER: AtomicI32 = AtomicI32::new(0);

/// Lets this process, a worker, go on when it gets SIGINT.
///
/// # Errors
/// If the system refuses.
pub fn survive() -> Result<()> {
    WORKER.store(getpid().as_raw(), Ordering::Relaxed);
    // Not SIG_IGN, which a program that a task starts would inherit. A handler ends with exec.
    let handler = SigHandler::Handler(on_interrupt);
    let action = SigAction::new(handler, SaFlags::SA_RESTART, SigSet::empty());
    // SAFETY: the handler does only what a handler may do.
    let before = unsafe { sigaction(Signal::SIGINT, &action) }.context("sigaction")?;
    if matches!(before.handler(), SigHandler::SigIgn) {
        // As `nohup` and background jobs of a script have it: then it is for all of them.
        // SAFETY: no handler is installed, so none can run at a bad moment. The action is that of
        // the whole process, and no task has begun in it.
        unsafe { signal(Signal::SIGINT, SigHandler::SigIgn) }.context("signal")?;
    }
    Ok(())
}

extern "C" fn on_interrupt(_: c_int) {
    // A process that a task has forked has the handler, too, but is not a worker.
    if getpid().as_raw() != WORKER.load(Ordering::Relaxed) {
        // SAFETY: no handler is installed, so none can run at a bad moment. The action is that of
        // the whole process, and all of it is to end.
        let _ = unsafe { signal(Signal::SIGINT, SigHandler::SigDfl) };
        let _ = raise(Signal::SIGINT);
    }
}
