//! Waiting for descriptors.

use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use nix::errno::Errno;
use nix::libc::{self, c_ulong};
use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::time::TimeSpec;

/// Waits until one of these can be read or is at its end, until a signal comes, or until the
/// time is over. Returns which are ready.
///
/// # Errors
/// If the system refuses.
pub fn poll(descriptors: &[BorrowedFd], time: Option<Duration>) -> Result<Vec<bool>> {
    let mut polled: Vec<_> =
        descriptors.iter().map(|&fd| PollFd::new(fd, PollFlags::POLLIN)).collect();
    match ppoll(&mut polled, time.map(TimeSpec::from), None) {
        Ok(_) | Err(Errno::EINTR | Errno::EAGAIN | Errno::ENOMEM) => {
            let is_closed =
                |fd: &PollFd| fd.revents().is_some_and(|it| it.contains(PollFlags::POLLNVAL));
            ensure!(
                !polled.iter().any(is_closed),
                "ppoll: the program has closed a descriptor of the pool"
            );
            Ok(polled.iter().map(|fd| fd.any().unwrap_or(true)).collect())
        }
        // They are more than the descriptors that this process may have by now.
        Err(Errno::EINVAL) => select(descriptors, time),
        Err(why) => Err(why).context("ppoll"),
    }
}

/// Waits until this can be read or is at its end; but not longer than until this moment.
///
/// # Errors
/// As [`poll`].
pub fn wait_until(deadline: Instant, descriptor: BorrowedFd) -> Result<()> {
    loop {
        let time = deadline.saturating_duration_since(Instant::now());
        if poll(&[descriptor], Some(time))?[0] || time.is_zero() {
            return Ok(());
        }
    }
}

/// As [`poll`], but without regard to that limit. It takes longer, the higher the descriptors are.
fn select(descriptors: &[BorrowedFd], time: Option<Duration>) -> Result<Vec<bool>> {
    const BITS: usize = c_ulong::BITS as usize;
    let place = |fd: &BorrowedFd| {
        let fd = fd.as_raw_fd() as usize;
        (fd / BITS, 1 << (fd % BITS))
    };
    let count = descriptors.iter().map(|fd| fd.as_raw_fd() + 1).max().unwrap_or(0);
    // Not an `fd_set`, which ends at 1024.
    let mut set: Vec<c_ulong> = vec![0; (count as usize).div_ceil(BITS)];
    for (word, bit) in descriptors.iter().map(place) {
        set[word] |= bit;
    }
    let time = time.map(|time| *TimeSpec::from(time).as_ref());
    let time = time.as_ref().map_or(ptr::null(), ptr::from_ref);
    let none = ptr::null_mut();
    // SAFETY: the set has `count` bits, and the time is valid during the call.
    let result =
        unsafe { libc::pselect(count, set.as_mut_ptr().cast(), none, none, time, ptr::null()) };
    match Errno::result(result) {
        Ok(_) => {
            Ok(descriptors.iter().map(place).map(|(word, bit)| set[word] & bit != 0).collect())
        }
        Err(Errno::EINTR | Errno::EAGAIN | Errno::ENOMEM) => Ok(vec![false; descriptors.len()]),
        Err(why) => Err(why).context("pselect"),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::os::fd::{AsFd, FromRawFd, OwnedFd};
    use std::os::unix::net::UnixStream;

    use nix::fcntl::{FcntlArg, fcntl};

    use super::*;

    #[test]
    fn both_ways_find_the_same() {
        let (silent, _open) = UnixStream::pair().unwrap();
        let (mut writer, written) = UnixStream::pair().unwrap();
        writer.write_all(b"x").unwrap();
        let (_, ended) = UnixStream::pair().unwrap();
        let second = Duration::from_secs(1);
        // Too high for an `fd_set`, if the limit allows such a descriptor.
        let high = fcntl(&written, FcntlArg::F_DUPFD_CLOEXEC(1030));
        // SAFETY: the kernel has just made it, for this test only.
        let high = high.map(|fd| unsafe { OwnedFd::from_raw_fd(fd) });
        let high = high.as_ref().map_or(written.as_fd(), |fd| fd.as_fd());
        let closed = written.as_raw_fd() + 500;
        let descriptors = [silent.as_fd(), written.as_fd(), ended.as_fd(), high];
        for wait in [poll, select] {
            for time in [None, Some(Duration::ZERO), Some(second)] {
                assert_eq!(wait(&descriptors, time).unwrap(), [false, true, true, true]);
            }
            assert_eq!(wait(&descriptors[..1], Some(Duration::from_nanos(1))).unwrap(), [false]);
            assert_eq!(wait(&[], Some(Duration::ZERO)).unwrap(), [false; 0]);
            // SAFETY: that it is closed is what this is about, and no other has so high a number.
            let closed = unsafe { BorrowedFd::borrow_raw(closed) };
            assert!(wait(&[silent.as_fd(), closed], None).is_err());
        }
    }
}
