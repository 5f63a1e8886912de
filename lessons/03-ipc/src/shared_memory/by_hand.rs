//! Sleeping and waking with a futex, by hand: futex(2).

use std::ptr;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

use anyhow::{Context, Result};
use nix::errno::Errno;
use nix::libc;

/// Sleeps in the kernel as long as the word is 0. The kernel looks at it once
/// more itself, so a change that comes in between is not lost.
pub fn wait_while_0(word: &AtomicU32) {
    while word.load(SeqCst) == 0 {
        let no_limit = ptr::null::<libc::timespec>();
        // SAFETY: the word is there for as long as the call takes.
        unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), libc::FUTEX_WAIT, 0, no_limit) };
    }
}

/// Wakes all that sleep on this word.
pub fn wake_all(word: &AtomicU32) -> Result<()> {
    // SAFETY: the call changes nothing in this process.
    let woken =
        unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), libc::FUTEX_WAKE, i32::MAX) };
    Errno::result(woken).map(drop).context("futex(FUTEX_WAKE)")
}
