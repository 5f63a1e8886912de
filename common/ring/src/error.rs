//! What can go wrong with a ring.

use std::fmt;

use nix::errno::Errno;

use super::index::Broken;

/// Why a ring could not be made, or a message not be sent or received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The other end is gone: dropped, or its process has ended. A receiver gets this
    /// error after it has read everything that was sent.
    Gone,
    /// The message is longer than the ring's capacity.
    TooLong {
        /// The message's length in bytes.
        length: usize,
        /// The length of the longest message that can be sent.
        capacity: usize,
    },
    /// A ring for messages of this length in bytes would be too large.
    Capacity(usize),
    /// A ring is a file in memory, and this process may not write files of its size:
    /// RLIMIT_FSIZE, `ulimit -f`.
    FileSize {
        /// The size of the file in bytes.
        size: usize,
        /// The size of the largest file that this process may write.
        limit: u64,
    },
    /// The descriptors are not those of an end of a ring: what is wrong with them.
    NotARing(&'static str),
    /// An invalid value in the shared memory: what it is.
    Broken(&'static str),
    /// A system call failed.
    System(&'static str, Errno),
}

impl Error {
    /// Turns the errno of a call into an error.
    pub(crate) fn of(call: &'static str) -> impl Fn(Errno) -> Error {
        move |errno| Error::System(call, errno)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Gone => write!(f, "the other end of the ring is gone"),
            Error::TooLong { length, capacity } => {
                write!(f, "a message of {length} bytes: the ring's capacity is {capacity}")
            }
            Error::Capacity(bytes) => {
                write!(f, "a ring for messages of {bytes} bytes is too large")
            }
            Error::FileSize { size, limit } => {
                write!(
                    f,
                    "shared memory of {size} bytes: the limit for files is {limit} (ulimit -f)"
                )
            }
            Error::NotARing(what) => write!(f, "not a ring: {what}"),
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
