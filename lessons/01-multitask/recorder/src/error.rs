//! What can go wrong with a recording.

use std::fmt;

use nix::errno::Errno;

/// Why a recording failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// A system call failed.
    System(&'static str, Errno),
    /// The clock jumped more often than the recorder has room for.
    TooManyJumps(usize),
    /// The recording was handed over in this number of words, which cannot be all.
    Torn(usize),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::System(call, errno) => write!(f, "{call}: {errno}"),
            Error::TooManyJumps(room) => {
                write!(f, "no room for more than {room} jumps of the clock")
            }
            Error::Torn(words) => write!(f, "a recording of {words} words is torn"),
        }
    }
}

impl std::error::Error for Error {}
