//! Sleeping on a word in shared memory, and waking the thread that sleeps: futex(2).

use std::ptr;
use std::sync::atomic::AtomicU32;
use std::time::Duration;

use nix::errno::Errno;
use nix::libc;

/// Sleeps if the word has this value, until it is woken, a signal comes or `limit` is over.
/// Returns false if it was not woken, and the word had this value.
///
/// # Errors
/// If the system has no futex for this word.
pub fn wait(word: &AtomicU32, value: u32, limit: Option<Duration>) -> nix::Result<bool> {
    let limit = limit.map(|limit| libc::timespec {
        tv_sec: limit.as_secs().try_into().unwrap_or(libc::time_t::MAX),
        tv_nsec: limit.subsec_nanos().into(),
    });
    let limit = limit.as_ref().map_or(ptr::null(), ptr::from_ref);
    // Not FUTEX_PRIVATE_FLAG: the waker is another process.
    // SAFETY: the word and the time outlive the call.
    let result =
        unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), libc::FUTEX_WAIT, value, limit) };
    match Errno::result(result) {
        // The latter: it had changed already.
        Ok(_) | Err(Errno::EAGAIN) => Ok(true),
        Err(Errno::EINTR | Errno::ETIMEDOUT) => Ok(false),
        Err(why) => Err(why),
    }
}

/// Wakes one thread that sleeps on this word, if there is one.
pub fn wake(word: &AtomicU32) {
    let nothing = ptr::null::<libc::timespec>();
    // SAFETY: the call changes nothing in this process.
    let result =
        unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), libc::FUTEX_WAKE, 1, nothing) };
    debug_assert!(result >= 0, "futex(FUTEX_WAKE): {}", Errno::last());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_may_be_of_any_length() {
        let word = AtomicU32::new(0);
        for limit in [Duration::MAX, Duration::from_secs(u64::MAX / 2), Duration::ZERO] {
            // The kernel looks at the time before it looks at the word.
            assert_eq!(wait(&word, 1, Some(limit)), Ok(true));
        }
        assert_eq!(wait(&word, 0, Some(Duration::from_nanos(1))), Ok(false));
    }
}
