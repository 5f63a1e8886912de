//! Whether this process is a copy. The child of a fork has all that its parent has: what a pool
//! and a worker share, too, and their places in it. But it is neither of the two.

use std::num::NonZeroUsize;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use nix::errno::Errno;
use nix::libc;
use nix::sys::mman::{MapFlags, MmapAdvise, ProtFlags, madvise, mmap_anonymous};

/// The number of this process. A fork makes it zero in the child, which has no number yet.
static NUMBER: OnceLock<nix::Result<&'static AtomicU32>> = OnceLock::new();

/// The highest number of this process or of one that it is a copy of.
static LAST: AtomicU32 = AtomicU32::new(0);

/// A process, which its copies are not.
#[derive(Clone, Copy, Debug)]
pub struct Original {
    number: u32,
    /// The number of the process that asks.
    here: &'static AtomicU32,
}

impl Original {
    /// This process.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn this() -> nix::Result<Self> {
        let here = (*NUMBER.get_or_init(number_cleared_by_fork))?;
        let next = LAST.fetch_add(1, Ordering::Relaxed) + 1;
        let number = match here.compare_exchange(0, next, Ordering::Relaxed, Ordering::Relaxed) {
            Ok(_) => next,
            Err(number) => number,
        };
        Ok(Self { number, here })
    }

    /// Whether the calling process is a copy of this one.
    // Not by its id: to ask the system for that costs more than a short task.
    #[inline]
    pub fn is_copied(self) -> bool {
        self.here.load(Ordering::Relaxed) != self.number
    }
}

/// A zero, and in the child of a fork zero again.
fn number_cleared_by_fork() -> nix::Result<&'static AtomicU32> {
    // The C library knows only of the forks that it makes itself.
    // SAFETY: the function does what is possible in the child of any fork.
    let result = unsafe { libc::pthread_atfork(None, None, Some(clear)) };
    if result != 0 {
        return Err(Errno::from_raw(result));
    }
    let size = NonZeroUsize::MIN;
    let access = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
    // SAFETY: the kernel chooses the place, so nothing else is there.
    let page = unsafe { mmap_anonymous(None, size, access, MapFlags::MAP_PRIVATE) }?;
    // The kernel knows of all forks, even those by the system call alone: clone(2). If it refuses
    // this, the others are still noticed.
    // SAFETY: the page is new, and nothing in it has to survive a fork.
    let _ = unsafe { madvise(page, size.get(), MmapAdvise::MADV_WIPEONFORK) };
    // SAFETY: it is mapped, aligned and zero, and stays until the process ends.
    Ok(unsafe { page.cast().as_ref() })
}

unsafe extern "C" fn clear() {
    if let Some(Ok(number)) = NUMBER.get() {
        number.store(0, Ordering::Relaxed);
    }
}
