//! A ring buffer between two processes: one sends messages, the other receives them,
//! and both copy from and to the same memory. The kernel is asked only when one of
//! them has to sleep.
//!
//! - `memory`: what both processes see; [`mapping`](crate::mapping): where.
//! - `index`: who may write where.
//! - `bell`: sleeping and waking, with a [`futex`](crate::futex).
//! - `lifeline`: how the survivor learns of a death.
//! - `waiting`: all of this together.
//!
//! One process sends and one receives. The ends are made before a fork, and each
//! process drops the one that it does not use:
//!
//! ```no_run
//! # fn main() -> anyhow::Result<()> {
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
mod bell;
mod error;
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

use std::os::fd::OwnedFd;

use anyhow::{Context, Result};
use nix::sys::socket::{AddressFamily, SockFlag, SockType, socketpair};

pub use error::Error;
pub use receiver::Receiver;
pub use sender::Sender;

/// Makes a ring for messages of up to `capacity` bytes, and its two ends.
///
/// It holds `capacity` bytes in messages at least, and more if they are short: its
/// size is a power of two. Memory is taken as it is used.
///
/// An end is gone when no process has it any more, whether dropped or killed. Any
/// child forked later has a copy, so who forks more than the other process drops the
/// ends there too.
///
/// # Errors
/// If the system gives no memory or no descriptors.
pub fn ring(capacity: usize) -> Result<(Sender, Receiver)> {
    let memory = memory::Memory::create(capacity)?;
    let again = memory.again()?;
    let (ours, theirs) =
        socketpair(AddressFamily::Unix, SockType::Stream, None, SockFlag::SOCK_CLOEXEC)
            .context("socketpair")?;
    let (ours, theirs) = (waiting::Waiting::new(ours)?, waiting::Waiting::new(theirs)?);
    Ok((Sender::new(memory, ours)?, Receiver::new(again, theirs)?))
}

/// An end of a ring as descriptors, for another program.
#[derive(Debug)]
pub struct Fds {
    /// The memory that both processes map.
    pub memory: OwnedFd,
    /// The kernel closes it with the process: that is how the other learns of its end.
    pub lifeline: OwnedFd,
}
