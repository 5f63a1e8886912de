//! SIGPIPE, the signal to a process that writes where no process can read any more.

use anyhow::{Context, Result};
use nix::sys::signal::{SigHandler, Signal, signal};

/// Makes a call while SIGPIPE is ignored, so that the call returns an error. Rust
/// ignores it in every program; the menu of the lessons gives it its default action,
/// which kills the process, so that `| head -1` works.
///
/// # Errors
/// If the system refuses to change the action.
pub fn ignored<T>(call: impl FnOnce() -> T) -> Result<T> {
    // SAFETY: no handler is installed, so none can run at a bad moment.
    unsafe { signal(Signal::SIGPIPE, SigHandler::SigIgn) }.context("signal(SIGPIPE)")?;
    let result = call();
    // SAFETY: as above.
    unsafe { signal(Signal::SIGPIPE, SigHandler::SigDfl) }.context("signal(SIGPIPE)")?;
    Ok(result)
}
