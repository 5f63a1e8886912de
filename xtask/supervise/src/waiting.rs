//! Waiting for several things at once, but not for ever.

use std::os::fd::BorrowedFd;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

/// Waits until one of the files can be read or has come to its end, or until
/// the time has come, and says which can be.
pub fn wait<const N: usize>(files: [BorrowedFd; N], until: Option<Instant>) -> Result<[bool; N]> {
    let timeout = until.map_or(PollTimeout::NONE, |until| {
        let left = until.saturating_duration_since(Instant::now());
        // poll(2) counts in milliseconds: round up, or the last one is spent spinning.
        let rounded = if left.is_zero() { left } else { left + Duration::from_millis(1) };
        PollTimeout::try_from(rounded).unwrap_or(PollTimeout::MAX)
    });
    let mut polled = files.map(|file| PollFd::new(file, PollFlags::POLLIN));
    match poll(&mut polled, timeout) {
        Err(Errno::EINTR) => Ok([false; N]),
        result => {
            result.context("poll")?;
            Ok(polled.map(|file| file.any() != Some(false)))
        }
    }
}
