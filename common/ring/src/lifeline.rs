//! How one side learns that the other is gone: a socket whose other half the other side
//! has. The kernel closes that with the last process that has it, however it ends.

use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::stat::{SFlag, fstat};

use super::Error;

/// One half.
#[derive(Debug)]
pub struct Lifeline {
    /// `None` once it is closed.
    socket: Option<OwnedFd>,
    looked: Instant,
    gone: bool,
}

impl Lifeline {
    /// Takes a half of a pair of sockets.
    ///
    /// # Errors
    /// If it is no socket.
    pub fn new(socket: OwnedFd) -> Result<Self> {
        let kind = SFlag::from_bits_truncate(fstat(&socket).context("fstat")?.st_mode);
        ensure!(kind & SFlag::S_IFMT == SFlag::S_IFSOCK, "the lifeline is no socket");
        Ok(Lifeline { socket: Some(socket), looked: Instant::now(), gone: false })
    }

    /// The same half once more.
    ///
    /// # Errors
    /// If there is no descriptor left.
    pub fn again(&self) -> Result<OwnedFd> {
        self.socket.as_ref().context("closed")?.try_clone().context("dup")
    }

    /// Lets go of it.
    pub fn close(&mut self) {
        self.socket = None;
    }

    /// Looks, and returns whether the other side is gone.
    ///
    /// # Errors
    /// If the system does not say.
    pub fn look(&mut self) -> Result<bool, Error> {
        self.looked = Instant::now();
        let Some(socket) = &self.socket else { return Ok(self.gone) };
        // Asked for nothing, it tells of the other half's end only (POLLHUP).
        let mut socket = [PollFd::new(socket.as_fd(), PollFlags::empty())];
        match poll(&mut socket, PollTimeout::ZERO) {
            Ok(hung_up) => self.gone |= hung_up > 0,
            Err(Errno::EINTR) => {}
            Err(error) => return Err(Error::System("poll", error)),
        }
        Ok(self.gone)
    }

    /// Whether the other side was gone at the last look.
    pub fn is_gone(&self) -> bool {
        self.gone
    }

    /// How long ago that was.
    pub fn age(&self) -> Duration {
        self.looked.elapsed()
    }
}
