//! The ends of a ring as descriptors, which another program can be given.

use std::os::fd::OwnedFd;

use nix::errno::Errno;

use crate::Error;

/// An end of a ring as descriptors, for another program.
#[derive(Debug)]
pub struct Fds {
    /// The memory that both processes map.
    pub memory: OwnedFd,
    /// The kernel closes it when the process ends: this is how the other side learns of
    /// the end.
    pub lifeline: OwnedFd,
}

/// Another descriptor for the same file, closed on exec.
pub fn duplicate(fd: &OwnedFd) -> Result<OwnedFd, Error> {
    fd.try_clone().map_err(|why| {
        Error::System("dup", why.raw_os_error().map_or(Errno::UnknownErrno, Errno::from_raw))
    })
}
