//! A mutex between processes, with its data beside it in shared memory:
//! pthread_mutexattr_setpshared(3), and pthread_mutexattr_setrobust(3) in case its owner is
//! killed.

use std::cell::{Cell, UnsafeCell};
use std::fmt;
use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::num::NonZeroUsize;
use std::ops::Deref;

use nix::errno::Errno;
use nix::libc::{self, c_int, pthread_mutex_t, pthread_mutexattr_t};
use nix::sys::mman::{MapFlags, ProtFlags, mmap_anonymous};

/// A mutex with data, shared by this process and the children that it forks later.
///
/// It has no destructor and stays until the process ends: another process may hold the
/// lock at any time, and so does a thread that has forgotten its guard.
///
/// If a process forks while it holds a [`Guard`], the child gets a copy of it, but not the lock:
/// it must not use the data, and when it drops the copy, the lock stays with its parent.
#[repr(C)]
pub struct SharedMutex<T> {
    mutex: UnsafeCell<MaybeUninit<pthread_mutex_t>>,
    data: T,
}

// SAFETY: only the thread that has locked the mutex has access to the data, and the data
// may be sent from thread to thread.
unsafe impl<T: PlainData> Sync for SharedMutex<T> {}

/// Data that processes can share, even if one of them leaves it half changed.
///
/// `Copy` is not enough: a reference is `Copy`, and points into the memory of one process.
/// Nor is any type of plain numbers: a process that is killed while it writes a
/// `(bool, char)` leaves half of it, which may not be a value of the type.
///
/// # Safety
/// The type has no pointers or references, nothing that belongs to this process, such as a
/// file descriptor, and no destructor. A write to it that stops at any instruction leaves a
/// value of the type.
pub unsafe trait PlainData: Send + 'static {}

/// A number in shared memory.
///
/// It is written with one instruction, and in program order: after a kill the next owner
/// sees every write up to some point and none after it. The compiler may leave out a write
/// to an ordinary number if another one follows, as if no process could look in between.
#[derive(Debug, Default)]
#[repr(transparent)]
pub struct Word(Cell<i64>);

const _: () = assert!(size_of::<usize>() == 8, "on 32 bits an i64 takes two instructions");

// SAFETY: one number, written with one instruction.
unsafe impl PlainData for Word {}

// SAFETY: an array has nothing but its elements.
unsafe impl<T: PlainData, const N: usize> PlainData for [T; N] {}

impl Word {
    /// A number.
    pub const fn new(value: i64) -> Self {
        Self(Cell::new(value))
    }

    /// Its value.
    #[inline]
    pub fn get(&self) -> i64 {
        // SAFETY: it is not `Sync`, so no other thread uses it now.
        unsafe { self.0.as_ptr().read_volatile() }
    }

    /// Changes its value.
    #[inline]
    pub fn set(&self, value: i64) {
        // SAFETY: as in `get`.
        unsafe { self.0.as_ptr().write_volatile(value) }
    }
}

impl<T: PlainData> SharedMutex<T> {
    /// A mutex whose next owner learns that the last one has died.
    ///
    /// # Errors
    /// If there is not enough memory.
    pub fn robust(data: T) -> nix::Result<&'static Self> {
        Self::new(data, libc::PTHREAD_MUTEX_ROBUST)
    }

    /// A mutex that stays locked for ever if its owner dies.
    ///
    /// # Errors
    /// If there is not enough memory.
    pub fn not_robust(data: T) -> nix::Result<&'static Self> {
        Self::new(data, libc::PTHREAD_MUTEX_STALLED)
    }

    fn new(data: T, robustness: c_int) -> nix::Result<&'static Self> {
        const { assert!(align_of::<Self>() <= 4096, "a mapping is aligned to a page") };
        let size = NonZeroUsize::new(size_of::<Self>()).expect("a mutex is not empty");
        let access = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
        // SAFETY: the kernel chooses the place, so nothing else is there.
        let place = unsafe { mmap_anonymous(None, size, access, MapFlags::MAP_SHARED) }?;
        let place = place.cast::<Self>();
        let mutex = UnsafeCell::new(MaybeUninit::uninit());
        // SAFETY: `size` bytes are mapped there, and no other thread knows of them.
        unsafe { place.write(SharedMutex { mutex, data }) };
        // SAFETY: the value was just written, and stays mapped until the process ends.
        let new: &'static Self = unsafe { place.as_ref() };
        new.initialise(robustness)?;
        Ok(new)
    }

    /// Makes it a mutex between processes.
    fn initialise(&self, robustness: c_int) -> nix::Result<()> {
        let mut attributes = MaybeUninit::<pthread_mutexattr_t>::uninit();
        let attributes = attributes.as_mut_ptr();
        // SAFETY: the pointer is valid; this initialises the attributes.
        check(unsafe { libc::pthread_mutexattr_init(attributes) })?;
        let shared = libc::PTHREAD_PROCESS_SHARED;
        // SAFETY: they are initialised.
        check(unsafe { libc::pthread_mutexattr_setpshared(attributes, shared) })?;
        // SAFETY: they are initialised.
        check(unsafe { libc::pthread_mutexattr_setrobust(attributes, robustness) })?;
        // It checks who the owner is: when a thread locks it twice, and when one unlocks it. By
        // default the child of a fork could unlock what its parent has locked.
        let kind = libc::PTHREAD_MUTEX_ERRORCHECK;
        // SAFETY: they are initialised.
        check(unsafe { libc::pthread_mutexattr_settype(attributes, kind) })?;
        // SAFETY: it has not been initialised, and no other thread knows of it yet.
        let result = unsafe { libc::pthread_mutex_init(self.raw(), attributes) };
        // SAFETY: they are initialised, and not used again. The mutex has what it needs of them.
        check(unsafe { libc::pthread_mutexattr_destroy(attributes) })?;
        check(result)
    }

    /// Waits until no thread of any process holds the lock, and acquires it.
    ///
    /// A panic releases it like any other drop of the guard; the next owner learns nothing.
    ///
    /// # Errors
    /// If the last owner has died: the error holds the lock, so that the data can be
    /// repaired. Or if an earlier owner got this error and did not repair the data.
    ///
    /// # Panics
    /// If this thread holds the lock: it would wait for itself.
    #[inline]
    pub fn lock(&self) -> Result<Guard<'_, T>, LockError<'_, T>> {
        // SAFETY: it was initialised, and has not moved.
        let result = unsafe { libc::pthread_mutex_lock(self.raw()) };
        let guard = || Guard { owned: self, of_this_thread: PhantomData };
        match result {
            0 => Ok(guard()),
            libc::EOWNERDEAD => Err(LockError::OwnerDied(OwnerDied(guard()))),
            libc::ENOTRECOVERABLE => {
                self.wake_all();
                Err(LockError::NotRecoverable)
            }
            // EDEADLK, if this thread has the lock. A mutex of this type gives no other error.
            other => panic!("pthread_mutex_lock: {}", Errno::from_raw(other)),
        }
    }
}

impl<T> SharedMutex<T> {
    /// The mutex as the C library takes it.
    fn raw(&self) -> *mut pthread_mutex_t {
        self.mutex.get().cast()
    }

    /// Wakes all threads that wait for the lock. glibc wakes only one of them when the mutex
    /// becomes unusable, and that one wakes no other. Each of them comes by here, so that none
    /// is left that has gone to sleep again.
    #[cold]
    fn wake_all(&self) {
        // glibc's mutexes begin with the word on which the threads sleep: futex(2). Not
        // FUTEX_PRIVATE_FLAG, because they are threads of several processes.
        let (word, all) = (self.raw(), c_int::MAX);
        // SAFETY: the call changes nothing in the memory of this process.
        unsafe { libc::syscall(libc::SYS_futex, word, libc::FUTEX_WAKE, all) };
    }
}

impl<T> fmt::Debug for SharedMutex<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Only the owner of the lock may read the data.
        f.debug_struct("SharedMutex").finish_non_exhaustive()
    }
}

fn check(result: c_int) -> nix::Result<()> {
    if result == 0 { Ok(()) } else { Err(Errno::from_raw(result)) }
}

/// Access to the data of a lock that this thread holds. Dropping it releases the lock.
///
/// It gives a `&T`, never a `&mut T`. A thread may forget its guard and end: a robust lock
/// then goes to the next thread, while a `&mut T` might live on in another one. A reference
/// to a `T` with interior mutability, such as [`Word`], cannot be sent to another thread.
///
/// ```compile_fail,E0277
/// use shared_mutex::{SharedMutex, Word};
///
/// let mutex = SharedMutex::robust(Word::new(0)).unwrap();
/// let number: &'static Word = Box::leak(Box::new(mutex.lock().unwrap()));
/// std::thread::spawn(move || number.set(1));
/// ```
#[derive(Debug)]
#[must_use = "dropping it releases the lock"]
pub struct Guard<'a, T> {
    owned: &'a SharedMutex<T>,
    /// Not `Send` or `Sync`: only the thread that locked it may unlock it or read the data.
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
        // SAFETY: this thread has locked it, or it is in the child of a fork and has a copy: then the
        // mutex says so, and does nothing.
        let result = unsafe { libc::pthread_mutex_unlock(self.owned.raw()) };
        debug_assert!([0, libc::EPERM].contains(&result), "pthread_mutex_unlock: {result}");
    }
}

/// Why [`SharedMutex::lock`] returned no [`Guard`].
#[derive(Debug)]
pub enum LockError<'a, T> {
    /// The last owner has died. Holds the lock, with the data as that owner left it.
    OwnerDied(OwnerDied<'a, T>),
    /// An owner has died, and the next one has not repaired the data.
    NotRecoverable,
}

impl<T: fmt::Debug> std::error::Error for LockError<'_, T> {}

impl<T> fmt::Display for LockError<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            LockError::OwnerDied(_) => "the owner of the lock has died",
            LockError::NotRecoverable => "the lock is not recoverable",
        })
    }
}

/// The lock of an owner that has died, and data that may be half changed.
///
/// Repair the data and call [`consistent`](Self::consistent). Dropping this without the call
/// makes the mutex unusable, so that no process works with broken data.
#[derive(Debug)]
#[must_use = "dropping it makes the mutex unusable: repair the data and call `consistent`"]
pub struct OwnerDied<'a, T>(Guard<'a, T>);

impl<'a, T> OwnerDied<'a, T> {
    /// Declares the data repaired; the mutex works again.
    pub fn consistent(self) -> Guard<'a, T> {
        // SAFETY: this thread has locked it, and got EOWNERDEAD.
        let result = unsafe { libc::pthread_mutex_consistent(self.0.owned.raw()) };
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
