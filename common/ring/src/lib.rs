//! A ring buffer between two processes: one sends messages, the other receives them,
//! and both copy to and from the same memory. System calls are made only when one of
//! them has to sleep.
//!
//! - `memory`: what both processes see; [`mapping`](crate::mapping): where they see it.
//! - `index`: which side may write where.
//! - [`bell`](crate::bell): sleeping and waking, with a [`futex`](crate::futex).
//! - `lifeline`: how one side learns that the other has died.
//! - `waiting`: combines the last two.
//!
//! The ends are made before a fork, and each process drops the one that it does not use:
//!
//! ```no_run
//! # fn main() -> Result<(), ring::Error> {
//! let (mut sender, mut receiver) = ring::ring(1024)?;
//! sender.send(b"a pear")?; // in one process
//! let mut message = Vec::new();
//! receiver.recv(&mut message)?; // in the other
//! # Ok(()) }
//! ```

/// The atomics of `bell` and `index`: in a test they are loom's.
mod atomic {
    pub use std::sync::atomic::{AtomicU32, AtomicU64, Ordering, fence};
}
pub mod bell;
mod error;
mod fds;
pub mod futex;
mod index;
mod lifeline;
#[cfg(test)]
mod loom;
pub mod mapping;
mod memory;
mod receiver;
mod sender;
#[cfg(test)]
mod tests;
mod waiting;

use nix::sys::socket::{AddressFamily, SockFlag, SockType, socketpair};

pub use error::Error;
pub use fds::Fds;
pub use receiver::Receiver;
pub use sender::Sender;

/// Makes a ring for messages of up to `capacity` bytes, and its two ends.
///
/// It has room for one message of that length or several shorter ones: its size is a power
/// of two. Memory is allocated as it is used.
///
/// An end is gone when no process has it any more: when all have dropped it or ended. A
/// child that is forked later has a copy of each end, and must drop it too.
///
/// # Errors
/// [`Error::Capacity`], or if a system call fails.
pub fn ring(capacity: usize) -> Result<(Sender, Receiver), Error> {
    let memory = memory::Memory::create(capacity)?;
    let same_memory = memory.try_clone()?;
    let (ours, theirs) =
        socketpair(AddressFamily::Unix, SockType::Stream, None, SockFlag::SOCK_CLOEXEC)
            .map_err(Error::of("socketpair"))?;
    let (ours, theirs) = (waiting::Waiting::new(ours)?, waiting::Waiting::new(theirs)?);
    Ok((Sender::new(memory, ours)?, Receiver::new(same_memory, theirs)?))
}
