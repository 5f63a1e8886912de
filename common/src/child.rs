//! A forked child's life: that it ends, how, and who waits for it.

use anyhow::{Context, Result, ensure};
use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::WaitStatus::{self, Continued, Exited, Signaled, Stopped};
use nix::sys::wait::{WaitPidFlag, waitpid};
use nix::unistd::{Pid, getpid, getppid};

/// A forked child that its parent has yet to wait for. Dropped, it is killed and
/// waited for: a parent that fails in the middle leaves no process behind.
#[derive(Debug)]
#[must_use = "dropped, it is killed"]
pub struct Child {
    pid: Pid,
    parent: Pid,
    /// Then its id may be that of a stranger.
    waited_for: bool,
}

impl Child {
    /// The child that `fork` just made, or an orphan that this process adopted.
    pub fn new(pid: Pid) -> Self {
        Self { pid, parent: getpid(), waited_for: false }
    }

    /// Its id.
    pub fn pid(&self) -> Pid {
        self.pid
    }

    /// Waits until it has ended, and returns how.
    ///
    /// # Errors
    /// If it is no child of this process, or somebody else waited for it.
    pub fn wait(mut self) -> Result<WaitStatus> {
        self.wait_with(WaitPidFlag::empty())
    }

    /// Waits until it has ended or something happened to it that the flags name, such
    /// as `WUNTRACED`, and returns what.
    ///
    /// # Errors
    /// As [`Child::wait`], and once it has told of its end.
    pub fn wait_with(&mut self, flags: WaitPidFlag) -> Result<WaitStatus> {
        ensure!(!self.waited_for, "child {} was waited for", self.pid);
        let status =
            waitpid(self.pid, Some(flags)).with_context(|| format!("waitpid({})", self.pid));
        self.waited_for = matches!(status, Ok(Exited(..) | Signaled(..)) | Err(_));
        status
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // Another child of the same parent has a copy of this: not its to kill.
        if !self.waited_for && getpid() == self.parent {
            // That it cannot be killed because it has ended is fine.
            let _ = kill(self.pid, Signal::SIGKILL);
            let _ = waitpid(self.pid, None);
        }
    }
}

/// What a wait has told of a child: `exit status: 3`, `killed by SIGTERM`.
pub fn in_words(status: WaitStatus) -> String {
    match status {
        Exited(_, status) => format!("exit status: {status}"),
        Signaled(_, signal, _) => format!("killed by {signal}"),
        Stopped(_, signal) => format!("stopped by {signal}"),
        Continued(_) => "continued".to_owned(),
        other => format!("{other:?}"),
    }
}

/// Ends this process, a forked child. Its parent learns only the exit status,
/// 0 or 1, so it tells its error itself.
pub fn exit(result: Result<()>) -> ! {
    if let Err(error) = &result {
        // One write a line, or lines of several processes would mix.
        let line = format!("pid {}: {error:#}\n", getpid());
        eprint!("{line}");
    }
    std::process::exit(result.is_err().into())
}

/// Lets this process, a forked child, be killed when its parent ends. For a child
/// that would wait for ever.
///
/// # Errors
/// If the system refuses, or the parent has ended already.
pub fn end_with(parent: Pid) -> Result<()> {
    set_pdeathsig(Signal::SIGKILL).context("prctl(PR_SET_PDEATHSIG)")?;
    ensure!(getppid() == parent, "the parent, pid {parent}, has ended");
    Ok(())
}

/// Waits until a child has ended.
///
/// # Errors
/// If it did not end with exit status 0, or is no child of this process.
pub fn wait_for(child: Pid) -> Result<()> {
    let status = Child::new(child).wait()?;
    ensure!(status == Exited(child, 0), "child {child} ended badly: {}", in_words(status));
    Ok(())
}
