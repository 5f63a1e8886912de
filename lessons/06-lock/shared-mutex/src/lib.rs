//! A mutex between processes, with its data beside it in memory that they share:
//! pthread_mutexattr_setpshared(3), and pthread_mutexattr_setrobust(3) for the day on
//! which its owner is killed.

use std::cell::{Cell, UnsafeCell};
use std::fmt;
use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::num::NonZeroUsize;
use std::ops::Deref;

use nix::errno::Errno;
use nix::libc::{self, c_int, pthread_mutex_t, pthread_mutexattr_t};
use nix::sys::mman::{MapFlags, ProtFlags, mmap_anonymous};

/// A mutex with data that this process and its children, forked later, share.
///
/// It has no destructor and stays until the process ends: another process may hold the
/// lock at any time, and a thread that has forgotten its guard does.
///
/// A process must not fork while it holds a [`Guard`]: the child would get a copy.
#[repr(C)]
pub struct SharedMutex<T> {
    mutex: UnsafeCell<pthread_mutex_t>,
    data: T,
}

// SAFETY: only the thread that has locked the mutex gets at the data, which may go from
// thread to thread.
unsafe impl<T: PlainData> Sync for SharedMutex<T> {}

/// Data for memory that processes share, and that a process may leave half changed.
///
/// `Copy` would not do: a reference is `Copy`, and leads into the memory of one process.
/// Neither would any type of plain numbers: a process that is killed while it writes a
/// `(bool, char)` leaves half of it, and the half may be no value of the type.
///
/// # Safety
/// The type has no pointers or references, nothing that has a meaning in one process only,
/// such as a file descriptor, and no destructor. A write to it that stops at
/// any instruction leaves a value of the type.
pub unsafe trait PlainData: Send + 'static {}

/// A number in shared memory.
///
/// It is written with one instruction, and in the order that the program says: after a kill
/// the next owner sees every write up to some point and none after it. With an ordinary
/// number the compiler may leave out a write that another follows, as if no process could
/// look in between.
#[derive(Debug, Default)]
#[repr(transparent)]
pub struct Word(Cell<i64>);

const _: () = assert!(size_of::<usize>() == 8, "on 32 bits an i64 takes two instructions");

// SAFETY: one number, written with one instruction.
unsafe impl PlainData for Word {}

// SAFETY: as what it consists of.
unsafe impl<T: PlainData, const N: usize> PlainData for [T; N] {}

impl Word {
    /// A number.
    pub const fn new(value: i64) -> Self {
        Self(Cell::new(value))
    }

    /// Its value.
    #[inline]
    pub fn get(&self) -> i64 {
        // SAFETY: it is no `Sync`, so no other thread uses it now.
        unsafe { self.0.as_ptr().read_volatile() }
    }

    /// Changes its value.
    #[inline]
    pub fn set(&self, value: i64) {
        // SAFETY: as above.
        unsafe { self.0.as_ptr().write_volatile(value) }
    }
}

impl<T: PlainData> SharedMutex<T> {
    /// A mutex that reports to its next owner that the last one has died.
    ///
    /// # Errors
    /// If there is no memory.
    pub fn robust(data: T) -> nix::Result<&'static Self> {
        Self::new(data, libc::PTHREAD_MUTEX_ROBUST)
    }

    /// A mutex that stays locked for ever if its owner dies.
    ///
    /// # Errors
    /// If there is no memory.
    pub fn not_robust(data: T) -> nix::Result<&'static Self> {
        Self::new(data, libc::PTHREAD_MUTEX_STALLED)
    }

    fn new(data: T, robustness: c_int) -> nix::Result<&'static Self> {
        const { assert!(align_of::<Self>() <= 4096, "a mapping begins with a page") };
        let size = NonZeroUsize::new(size_of::<Self>()).expect("a mutex takes some bytes");
        let access = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
        // SAFETY: the kernel chooses the place, so nothing else is there.
        let place = unsafe { mmap_anonymous(None, size, access, MapFlags::MAP_SHARED) }?;
        let place = place.cast::<Self>();
        let mutex = UnsafeCell::new(libc::PTHREAD_MUTEX_INITIALIZER);
        // SAFETY: `size` bytes are mapped there, and nothing else refers to them.
        unsafe { place.write(SharedMutex { mutex, data }) };
        // SAFETY: it has just been written, and stays mapped until the process ends.
        let new: &'static Self = unsafe { place.as_ref() };
        new.initialise(robustness)?;
        Ok(new)
    }

    /// Makes it a mutex between processes.
    fn initialise(&self, robustness: c_int) -> nix::Result<()> {
        let mut attributes = MaybeUninit::<pthread_mutexattr_t>::uninit();
        let attributes = attributes.as_mut_ptr();
        // SAFETY: this initialises them.
        check(unsafe { libc::pthread_mutexattr_init(attributes) })?;
        let shared = libc::PTHREAD_PROCESS_SHARED;
        // SAFETY: they are initialised.
        check(unsafe { libc::pthread_mutexattr_setpshared(attributes, shared) })?;
        // SAFETY: they are initialised.
        check(unsafe { libc::pthread_mutexattr_setrobust(attributes, robustness) })?;
        // A thread that locks it twice waits for itself: the default leaves that open.
        let kind = libc::PTHREAD_MUTEX_NORMAL;
        // SAFETY: they are initialised.
        check(unsafe { libc::pthread_mutexattr_settype(attributes, kind) })?;
        // SAFETY: the mutex is not locked, as nothing else refers to it yet.
        check(unsafe { libc::pthread_mutex_init(self.mutex.get(), attributes) })
    }

    /// Waits until no other thread of any process has the lock, and takes it.
    ///
    /// A panic releases it like any other end of the guard: it is not reported.
    ///
    /// # Errors
    /// If the last owner has died: the error holds the lock, and the data to repair. Or if
    /// that was reported before, and the data was not repaired.
    #[inline]
    pub fn lock(&self) -> Result<Guard<'_, T>, LockError<'_, T>> {
        // SAFETY: it was initialised, and has not moved.
        let result = unsafe { libc::pthread_mutex_lock(self.mutex.get()) };
        let guard = || Guard { owned: self, of_this_thread: PhantomData };
        match result {
            0 => Ok(guard()),
            libc::EOWNERDEAD => Err(LockError::OwnerDied(OwnerDied(guard()))),
            libc::ENOTRECOVERABLE => Err(LockError::NotRecoverable),
            // None is left that a mutex of this type could give.
            other => panic!("pthread_mutex_lock: {}", Errno::from_raw(other)),
        }
    }
}

impl<T> fmt::Debug for SharedMutex<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The data is for the owner of the lock only.
        f.debug_struct("SharedMutex").finish_non_exhaustive()
    }
}

fn check(result: c_int) -> nix::Result<()> {
    if result == 0 { Ok(()) } else { Err(Errno::from_raw(result)) }
}

/// The lock, taken; dropped, it is given back.
///
/// It gives a `&T`, never a `&mut T`. A thread may forget its guard and end: a robust
/// lock then goes to the next one. A `&mut T` might live on in another thread by then; a
/// reference to a `T` that has something to change in it, such as [`Word`], cannot go
/// there.
///
/// ```compile_fail,E0277
/// use shared_mutex::{SharedMutex, Word};
///
/// let mutex = SharedMutex::robust(Word::new(0)).unwrap();
/// let number: &'static Word = Box::leak(Box::new(mutex.lock().unwrap()));
/// std::thread::spawn(move || number.set(1));
/// ```
#[derive(Debug)]
#[must_use = "dropped, it gives the lock back"]
pub struct Guard<'a, T> {
    owned: &'a SharedMutex<T>,
    /// The thread that has locked it has to unlock it, and no other may look.
    of_this_thread: PhantomData<*const ()>,
}

impl<T> Deref for Guard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.owned.data
    }
}

impl<T> Drop for Guard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: this thread has locked it.
        let result = unsafe { libc::pthread_mutex_unlock(self.owned.mutex.get()) };
        debug_assert_eq!(result, 0, "pthread_mutex_unlock");
    }
}

/// Why [`SharedMutex::lock`] gave no [`Guard`].
#[derive(Debug)]
pub enum LockError<'a, T> {
    /// The last owner has died: this is the lock, with the data as it left them.
    OwnerDied(OwnerDied<'a, T>),
    /// An owner has died, and the next one has not repaired the data.
    NotRecoverable,
}

impl<T> fmt::Display for LockError<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            LockError::OwnerDied(_) => "the owner of the lock has died",
            LockError::NotRecoverable => "the lock is not recoverable",
        })
    }
}

/// The lock of an owner that has died, and data that it may have left half changed.
///
/// Repair the data and call [`consistent`](Self::consistent). Dropped without that, it
/// makes the mutex useless for all processes, so that none works with broken data.
#[derive(Debug)]
#[must_use = "dropped, it makes the mutex useless: repair the data and call `consistent`"]
pub struct OwnerDied<'a, T>(Guard<'a, T>);

impl<'a, T> OwnerDied<'a, T> {
    /// Says that the data is repaired: the mutex is as good as new.
    pub fn consistent(self) -> Guard<'a, T> {
        // SAFETY: this thread has locked it, and the lock reported that its owner died.
        let result = unsafe { libc::pthread_mutex_consistent(self.0.owned.mutex.get()) };
        debug_assert_eq!(result, 0, "pthread_mutex_consistent");
        self.0
    }
}

impl<T> Deref for OwnerDied<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}
