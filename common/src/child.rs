//! A forked child's life: that it ends, how, and who waits for it.

use anyhow::{Context, Result, ensure};
use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{Pid, getpid, getppid};

/// A forked child that its parent has yet to wait for. Dropped, it is killed and
/// waited for: a parent that fails in the middle leaves no process behind.
#[derive(Debug)]
#[must_use = "dropped, it is killed"]
pub struct Child {
    pid: Pid,
    parent: Pid,
}

impl Child {
    /// The child that `fork` just made.
    pub fn new(pid: Pid) -> Self {
        Self { pid, parent: getpid() }
    }

    /// Its id.
    pub fn pid(&self) -> Pid {
        self.pid
    }

    /// Waits until it has ended, and returns how.
    ///
    /// # Errors
    /// If it is no child of this process, or somebody else waited for it.
    pub fn wait(self) -> Result<WaitStatus> {
        let status = waitpid(self.pid, None).with_context(|| format!("waitpid({})", self.pid));
        // Waited for, its id may soon be that of a stranger.
        std::mem::forget(self);
        status
    }

    /// Waits until it has ended.
    ///
    /// # Errors
    /// As [`Child::wait`], and if it did not end with exit status 0.
    pub fn join(self) -> Result<()> {
        let pid = self.pid;
        let status = self.wait()?;
        ensure!(status == WaitStatus::Exited(pid, 0), "child {pid} ended badly: {status:?}");
        Ok(())
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // Another child of the same parent has a copy of this: not its to kill.
        if getpid() == self.parent {
            // That it cannot be killed because it has ended is fine.
            let _ = kill(self.pid, Signal::SIGKILL);
            let _ = waitpid(self.pid, None);
        }
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
    Child::new(child).join()
}
