//! How much of its stack a thread has left. Converting a deeply nested value would use it up,
//! and that ends the whole process.

use std::mem::MaybeUninit;
use std::ptr;

use nix::libc::{self, pthread_attr_t};

thread_local! {
    static LIMIT: usize = find_limit().unwrap_or(0);
}

/// The address below which only an eighth of this thread's stack is left; 0 if the stack is
/// not known.
#[inline]
pub fn limit() -> usize {
    LIMIT.with(|limit| *limit)
}

/// Whether this call is below the limit.
#[inline]
pub fn is_used_up(limit: usize) -> bool {
    here() < limit
}

/// An address in the part of the stack that is in use.
#[inline]
fn here() -> usize {
    let here = MaybeUninit::<u8>::uninit();
    ptr::from_ref(&here).addr()
}

fn find_limit() -> Option<usize> {
    let mut attributes = MaybeUninit::<pthread_attr_t>::uninit();
    let attributes = attributes.as_mut_ptr();
    // SAFETY: always possible.
    let this_thread = unsafe { libc::pthread_self() };
    // SAFETY: the thread is alive; this initialises the attributes.
    if unsafe { libc::pthread_getattr_np(this_thread, attributes) } != 0 {
        return None;
    }
    let (mut start, mut size) = (ptr::null_mut(), 0);
    // SAFETY: they are initialised.
    let known = unsafe { libc::pthread_attr_getstack(attributes, &mut start, &mut size) };
    // SAFETY: they are initialised, and not used afterwards.
    unsafe { libc::pthread_attr_destroy(attributes) };
    // A coroutine runs on a stack of its own, somewhere else.
    let is_in_use = (start.addr()..start.addr().saturating_add(size)).contains(&here());
    (known == 0 && is_in_use).then(|| start.addr() + size / 8)
}
