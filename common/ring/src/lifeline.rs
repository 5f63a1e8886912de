//! How one side learns that the other is gone: each side has one socket of a pair. The
//! kernel closes a socket when the last process that has it ends, however it ends.

use std::os::fd::{AsFd, OwnedFd};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::stat::{SFlag, fstat};

use crate::Error;
use crate::fds::duplicate;

/// One socket of the pair.
#[derive(Debug)]
pub struct Lifeline {
    /// `None` once it is closed.
    socket: Option<OwnedFd>,
    gone: bool,
}

impl Lifeline {
    /// Takes a socket of a pair.
    ///
    /// # Errors
    /// [`Error::NotARing`] if it is not a socket.
    pub fn new(socket: OwnedFd) -> Result<Self, Error> {
        let mode = fstat(&socket).map_err(Error::of("fstat"))?.st_mode;
        if SFlag::from_bits_truncate(mode) & SFlag::S_IFMT != SFlag::S_IFSOCK {
            return Err(Error::NotARing("the lifeline is not a socket"));
        }
        Ok(Lifeline { socket: Some(socket), gone: false })
    }

    /// Another descriptor for the socket.
    ///
    /// # Errors
    /// If no more descriptors are available.
    pub fn try_clone(&self) -> Result<OwnedFd, Error> {
        duplicate(self.socket.as_ref().expect("it is closed only when its end is dropped"))
    }

    /// Closes the socket.
    pub fn close(&mut self) {
        self.socket = None;
    }

    /// Looks, and returns whether the other side is gone.
    ///
    /// # Errors
    /// If the system call fails.
    pub fn look(&mut self) -> Result<bool, Error> {
        let Some(socket) = &self.socket else { return Ok(self.gone) };
        // Asked for nothing, poll reports only the end of the other socket (POLLHUP).
        let mut socket = [PollFd::new(socket.as_fd(), PollFlags::empty())];
        loop {
            match poll(&mut socket, PollTimeout::ZERO) {
                Ok(hung_up) => self.gone |= hung_up > 0,
                Err(Errno::EINTR) => continue,
                Err(error) => return Err(Error::System("poll", error)),
            }
            return Ok(self.gone);
        }
    }

    /// Whether the other side was gone at the last look.
    pub fn is_gone(&self) -> bool {
        self.gone
    }
}
