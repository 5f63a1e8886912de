//! What can go wrong between the two ends.

use std::fmt;

use nix::errno::Errno;

use super::index::Broken;

/// Why a message was not sent or received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The other end is gone: dropped, or its process has ended. A receiver learns it
    /// when it has read everything that was sent.
    Gone,
    /// The message is longer than the ring's capacity, both in bytes.
    TooLong {
        /// Of the message.
        length: usize,
        /// The longest that can be sent.
        capacity: usize,
    },
    /// What the other process has left in the memory cannot be.
    Broken(&'static str),
    /// A system call failed.
    System(&'static str, Errno),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Gone => write!(f, "the other end of the ring is gone"),
            Error::TooLong { length, capacity } => {
                write!(f, "a message of {length} bytes: the ring's capacity is {capacity}")
            }
            Error::Broken(what) => write!(f, "the ring is broken: {what}"),
            Error::System(call, errno) => write!(f, "{call}: {errno}"),
        }
    }
}

impl From<Broken> for Error {
    fn from(_: Broken) -> Self {
        Error::Broken("its counters")
    }
}

impl std::error::Error for Error {}
