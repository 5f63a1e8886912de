//! A file descriptor for a process: pidfd_open(2). Unlike a pid it never refers to another
//! process later, and a wait for it can have a deadline, even if it is not a child.

use std::ffi::c_void;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::ptr;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::libc;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::unistd::Pid;

use crate::during;

/// A descriptor for the process `pid`, which must not have been waited for yet.
///
/// # Errors
/// If there is no such process, or the kernel is older than Linux 5.3.
pub fn open(pid: Pid) -> io::Result<OwnedFd> {
    // SAFETY: the call takes two numbers and touches no memory of this process.
    let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, pid.as_raw(), 0) };
    let fd = Errno::result(fd).map_err(during(format_args!("pidfd_open({pid})")))?;
    // SAFETY: the kernel has just given this descriptor to nobody but us.
    Ok(unsafe { OwnedFd::from_raw_fd(fd as RawFd) })
}

/// Kills the process, if it has not ended yet.
///
/// # Errors
/// If this process may not kill it.
pub fn kill(process: &OwnedFd) -> io::Result<()> {
    let (fd, signal, nothing) = (process.as_raw_fd(), libc::SIGKILL, ptr::null::<c_void>());
    // SAFETY: the call takes numbers and touches no memory of this process.
    let result = unsafe { libc::syscall(libc::SYS_pidfd_send_signal, fd, signal, nothing, 0) };
    match Errno::result(result) {
        Ok(_) | Err(Errno::ESRCH) => Ok(()),
        Err(why) => Err(during("pidfd_send_signal")(why)),
    }
}

/// Waits until the process has ended; `false` if it has not within `time`. Without a time
/// it waits as long as it takes.
///
/// # Errors
/// If `poll` fails.
pub fn wait(process: &OwnedFd, time: Option<Duration>) -> io::Result<bool> {
    wait_for_any(&[process.as_fd()], time)
}

/// As [`wait`], until one of the processes has ended, or one of the other descriptors
/// can be read or is at its end.
///
/// # Errors
/// If `poll` fails.
pub fn wait_for_any(descriptors: &[BorrowedFd], time: Option<Duration>) -> io::Result<bool> {
    // No moment: as if there was no limit, it is so far away.
    let until = time.and_then(|time| Instant::now().checked_add(time));
    let mut ready: Vec<_> =
        descriptors.iter().map(|&descriptor| PollFd::new(descriptor, PollFlags::POLLIN)).collect();
    loop {
        let left = until.map(|until| until.saturating_duration_since(Instant::now()));
        // In whole milliseconds, rounded up.
        let left = left.map(|left| left.saturating_add(Duration::from_micros(999)));
        let timeout = left.map_or(PollTimeout::NONE, |left| {
            PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX)
        });
        match poll(&mut ready, timeout) {
            Ok(0) if timeout == PollTimeout::MAX => {}
            Ok(events) => return Ok(events > 0),
            Err(Errno::EINTR) => {}
            Err(why) => return Err(during("poll")(why)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use nix::unistd::Pid;
    use testing::test;

    use super::*;

    #[test]
    fn a_process_may_have_any_time_to_end() {
        for time in [Duration::MAX, Duration::from_secs(u64::MAX / 2), Duration::from_secs(1 << 40)]
        {
            let mut child = Command::new("true").spawn().unwrap();
            let process = open(Pid::from_raw(child.id() as i32)).unwrap();
            assert!(wait(&process, Some(time)).unwrap());
            child.wait().unwrap();
        }
    }
}
