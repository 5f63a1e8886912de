//! A program on a terminal of its own.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::libc;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::pty::{grantpt, posix_openpt, ptsname_r, unlockpt};
use nix::sys::termios::{LocalFlags, Termios, tcgetattr};
use nix::unistd::setsid;

/// A program whose standard streams are a terminal, which it controls.
pub struct OnTerminal {
    /// The program.
    pub child: Child,
    /// Our end. When nobody has the other one any more, a read from it fails.
    ours: File,
}

impl OnTerminal {
    /// Starts the program.
    ///
    /// # Panics
    /// If the system refuses.
    pub fn start(mut command: Command) -> Self {
        // Not by `openpty`: the program would have our end, too, and never see that it closes.
        let flags = OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_CLOEXEC;
        let ours = posix_openpt(flags).expect("a terminal");
        grantpt(&ours).and_then(|()| unlockpt(&ours)).expect("a terminal of our own");
        let name = ptsname_r(&ours).expect("its name");
        // It must not become this program's own terminal, whose end is a SIGHUP.
        let mut theirs = File::options();
        theirs.read(true).write(true).custom_flags(libc::O_NOCTTY);
        let theirs = theirs.open(name).expect("its other end");
        let end = || Stdio::from(theirs.try_clone().expect("a copy"));
        command.stdin(end()).stdout(end()).stderr(end());
        let take_terminal = || {
            setsid()?;
            // SAFETY: it makes standard input the terminal of this session, and touches
            // no memory.
            Errno::result(unsafe { libc::ioctl(0, libc::TIOCSCTTY, 0) })?;
            Ok(())
        };
        // SAFETY: both are system calls, which a child may make between fork and exec.
        unsafe { command.pre_exec(take_terminal) };
        let child = command.spawn().expect("a program");
        // It holds copies of their end.
        drop(command);
        Self { child, ours: File::from(OwnedFd::from(ours)) }
    }

    /// Presses these keys.
    ///
    /// # Panics
    /// If nobody has the terminal any more.
    pub fn press(&mut self, keys: &str) {
        self.ours.write_all(keys.as_bytes()).expect("keys");
    }

    /// Reads until this was shown. Returns all that was shown since the last read.
    ///
    /// # Panics
    /// If that takes a minute, or the program has ended.
    pub fn read_until(&mut self, wanted: &str) -> String {
        let mut shown = String::new();
        while !shown.contains(wanted) {
            let mut ready = [PollFd::new(self.ours.as_fd(), PollFlags::POLLIN)];
            let count = poll(&mut ready, PollTimeout::from(60_000_u16));
            assert_eq!(count, Ok(1), "a minute without {wanted:?}: {shown}");
            let mut buffer = [0; 4096];
            let length = self.ours.read(&mut buffer).expect("it shows something");
            shown += &String::from_utf8_lossy(&buffer[..length]);
        }
        shown
    }

    /// The terminal's settings.
    ///
    /// # Panics
    /// If the system refuses.
    pub fn settings(&self) -> Termios {
        tcgetattr(&self.ours).expect("a terminal")
    }

    /// Whether the terminal delivers each key at once, and does not show it.
    pub fn is_key_by_key(&self) -> bool {
        !self.settings().local_flags.intersects(LocalFlags::ICANON | LocalFlags::ECHO)
    }

    /// Closes our end, as a window that is closed.
    pub fn close(self) -> Child {
        self.child
    }
}
