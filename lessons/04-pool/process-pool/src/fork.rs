//! Whether this process is a copy. The child of a fork has all that its parent has: what a pool
//! and a worker share, too, and their places in it. But it is neither of the two.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use nix::errno::Errno;
use nix::libc;

/// How many forks led to this process.
static FORKS: AtomicU32 = AtomicU32::new(0);

/// A process, which its copies are not.
#[derive(Clone, Copy, Debug)]
pub struct Original(u32);

impl Original {
    /// This process.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn this() -> nix::Result<Self> {
        static WATCHED: OnceLock<i32> = OnceLock::new();
        // Not by its id: to ask the system for that costs more than a short task.
        // SAFETY: the function does what is possible in the child of any fork.
        let result =
            WATCHED.get_or_init(|| unsafe { libc::pthread_atfork(None, None, Some(count)) });
        match result {
            0 => Ok(Self(FORKS.load(Ordering::Relaxed))),
            error => Err(Errno::from_raw(*error)),
        }
    }

    /// Whether the calling process is a copy of this one.
    #[inline]
    pub fn is_copied(self) -> bool {
        FORKS.load(Ordering::Relaxed) != self.0
    }
}

unsafe extern "C" fn count() {
    FORKS.fetch_add(1, Ordering::Relaxed);
}
