//! How one side tells the other that it sleeps, so that the other makes a system call only
//! when it must wake a sleeper.

use super::atomic::Ordering::{AcqRel, Relaxed, SeqCst};
use super::atomic::{AtomicU32, fence};

/// A word in shared memory on which one side sleeps: futex(2). All zero at first.
#[derive(Debug)]
#[repr(transparent)]
pub struct Bell(AtomicU32);

/// Set by the side that is about to sleep, cleared by the side that wakes it.
pub const ASLEEP: u32 = 1;
/// Set by the other side when one of its processes, maybe the last, has closed its end.
const CLOSED: u32 = 2;

impl Bell {
    #[cfg(test)]
    #[allow(dead_code)] // loom's tests make one, others map it.
    pub(crate) fn new() -> Self {
        Bell(AtomicU32::new(0))
    }

    /// The word to sleep on while it is [`ASLEEP`].
    pub fn word(&self) -> &AtomicU32 {
        &self.0
    }

    /// For the side that will sleep. Afterwards it looks at the counter once more: either
    /// it sees the other's change, or the other sees that it must ring.
    pub fn will_sleep(&self) {
        if self.0.fetch_or(ASLEEP, AcqRel) & !(ASLEEP | CLOSED) != 0 {
            // Only a broken process sets other bits. With them no sleep would begin, and the
            // sleeper would never look whether that process is gone.
            self.0.fetch_and(ASLEEP | CLOSED, AcqRel);
        }
        fence(SeqCst);
    }

    /// For the side that slept, when it is awake.
    pub fn is_awake(&self) {
        // If it was woken, the waker has done this already.
        if self.0.load(Relaxed) & ASLEEP != 0 {
            self.0.fetch_and(!ASLEEP, AcqRel);
        }
    }

    /// For the other side, after its change: whether it must wake the sleeper.
    pub fn must_ring(&self) -> bool {
        fence(SeqCst);
        self.0.load(Relaxed) & ASLEEP != 0 && self.0.fetch_and(!ASLEEP, AcqRel) & ASLEEP != 0
    }

    /// For the other side, after it has closed its end: whether it must wake the sleeper.
    pub fn tell_closed(&self) -> bool {
        self.0.fetch_or(CLOSED, AcqRel) & ASLEEP != 0
    }

    /// Whether the other side has called [`tell_closed`](Self::tell_closed) since the last
    /// question.
    pub fn was_told_closed(&self) -> bool {
        self.0.load(Relaxed) & CLOSED != 0 && self.0.fetch_and(!CLOSED, AcqRel) & CLOSED != 0
    }
}
