//! The life of a forked child: it ends when its parent does, and its parent waits for it.

use std::fs::DirEntry;
use std::io::{PipeWriter, Read, Write, pipe, stderr, stdout};
use std::panic::{AssertUnwindSafe, catch_unwind};

use anyhow::{Context, Result, ensure};
use nix::errno::Errno;
use nix::libc;
use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::WaitStatus::{self, Continued, Exited, Signaled, Stopped};
use nix::sys::wait::{WaitPidFlag, waitpid};
use nix::unistd::{self, ForkResult, Pid, getpid, getppid};

use crate::Unsupported;
use crate::options::exit_status;
use crate::proc;

/// The exit status of a Rust program that panics.
const PANICKED: i32 = 101;

/// A forked child that its parent has yet to wait for. Dropped, it is killed and
/// waited for: a parent that fails in the middle leaves no process behind.
#[derive(Debug)]
#[must_use = "dropped, it is killed"]
pub struct Child {
    pid: Pid,
    parent: Pid,
    /// From then on the pid may belong to an unrelated process.
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
    /// If it is not a child of this process, or was waited for elsewhere.
    pub fn wait(mut self) -> Result<WaitStatus> {
        self.wait_with(WaitPidFlag::empty())
    }

    /// Kills it, and returns how it ended.
    ///
    /// # Errors
    /// If it cannot be killed, and as [`Child::wait`].
    pub fn kill(self) -> Result<WaitStatus> {
        kill(self.pid, Signal::SIGKILL).with_context(|| format!("kill({})", self.pid))?;
        self.wait()
    }

    /// Waits until it has ended, or until one of the changes that `flags` names (such as
    /// `WUNTRACED`, a stop), and returns which.
    ///
    /// # Errors
    /// As [`Child::wait`], and once its end has been reported.
    pub fn wait_with(&mut self, flags: WaitPidFlag) -> Result<WaitStatus> {
        ensure!(!self.waited_for, "child {} was waited for", self.pid);
        let status = wait_for_change(self.pid, flags);
        self.waited_for = matches!(status, Ok(Exited(..) | Signaled(..)) | Err(Errno::ECHILD));
        status.with_context(|| format!("waitpid({})", self.pid))
    }

    /// Waits until it has ended.
    ///
    /// # Errors
    /// As [`Child::wait`], and if it did not end with exit status 0: [`Unsupported`] if that was
    /// its error.
    pub fn join(self) -> Result<()> {
        let pid = self.pid;
        let status = self.wait()?;
        if status == Exited(pid, Unsupported::STATUS.into()) {
            return Err(Unsupported(format!("child {pid} has said why not")).into());
        }
        ensure!(status == Exited(pid, 0), "child {pid} ended badly: {}", describe(status));
        Ok(())
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // Another child of the same parent has a copy of this: not its to kill.
        if !self.waited_for && getpid() == self.parent {
            // One that may not be killed would be waited for in vain. It ends with its parent.
            if kill(self.pid, Signal::SIGKILL) != Err(Errno::EPERM) {
                let _ = wait_for_change(self.pid, WaitPidFlag::empty());
            }
        }
    }
}

/// Fails in a process with several threads: `fork` copies only the calling thread, but
/// every lock, even one that another thread holds.
///
/// # Errors
/// If there are other threads, or `/proc` cannot be read.
pub fn ensure_one_thread() -> Result<()> {
    let tasks = std::fs::read_dir("/proc/self/task").context("/proc/self/task")?;
    let tasks = tasks.collect::<Result<Vec<_>, _>>().context("/proc/self/task")?;
    let threads = tasks.iter().filter(|task| !has_ended(task)).count();
    ensure!(threads == 1, "a process of {threads} threads must not fork");
    Ok(())
}

/// Whether a thread has left its program for good, and with it every lock. After `join` it
/// may still be listed for a moment, with the flag PF_EXITING in its stat file: proc(5).
fn has_ended(task: &DirEntry) -> bool {
    const PF_EXITING: u32 = 4;
    let stat = match proc::text(task.path().join("stat")) {
        Ok(stat) => stat,
        Err(error) => return matches!(error.raw_os_error(), Some(libc::ENOENT | libc::ESRCH)),
    };
    let flags =
        stat.rsplit_once(") ").and_then(|(_, fields)| fields.split(' ').nth(6)?.parse().ok());
    flags.is_some_and(|flags: u32| flags & PF_EXITING != 0)
}

/// `waitpid`, called again if a signal interrupts it.
fn wait_for_change(child: Pid, flags: WaitPidFlag) -> nix::Result<WaitStatus> {
    loop {
        match waitpid(child, Some(flags)) {
            Err(Errno::EINTR) => {}
            result => return result,
        }
    }
}

/// What wait reported about a child: `exit status: 3`, `killed by SIGTERM`.
pub fn describe(status: WaitStatus) -> String {
    match status {
        Exited(_, status) => format!("exit status: {status}"),
        Signaled(_, signal, _) => format!("killed by {signal}"),
        Stopped(_, signal) => format!("stopped by {signal}"),
        Continued(_) => "continued".to_owned(),
        other => format!("{other:?}"),
    }
}

/// Forks a child that runs `task` and then exits. It is killed if this process ends first.
/// What a `move` closure captures moves into the child: this process no longer has it.
///
/// # Errors
/// As [`fork`].
pub fn fork_child(task: impl FnOnce() -> Result<()>) -> Result<Child> {
    match fork()? {
        Some(child) => Ok(child),
        // A panic must not continue into what the parent will do next.
        None => match catch_unwind(AssertUnwindSafe(task)) {
            Ok(result) => exit(result),
            Err(_) => leave(PANICKED),
        },
    }
}

/// As [`fork_child`], and waits until the task has dropped the end of a pipe that it gets:
/// then it is ready.
///
/// # Errors
/// As [`fork`], and if the system refuses a pipe.
pub fn fork_ready_child(task: impl FnOnce(PipeWriter) -> Result<()>) -> Result<Child> {
    let (mut until_ready, ready) = pipe().context("pipe")?;
    let child = fork_child(move || task(ready))?;
    until_ready.read_to_end(&mut Vec::new()).context("read from the pipe")?;
    Ok(child)
}

/// Forks this process: returns the child in the parent, and `None` in the child, which is
/// killed if this process ends first. For a child that has to close what its parent keeps,
/// such as the other end of a pipe; otherwise use [`fork_child`].
///
/// # Errors
/// If this process has several threads, or the system refuses another process.
pub fn fork() -> Result<Option<Child>> {
    ensure_one_thread()?;
    // Or it would be printed twice.
    stdout().flush().context("flush standard output")?;
    let parent = getpid();
    // SAFETY: this process has one thread, so no lock can be held by a thread that the
    // child does not have.
    match unsafe { unistd::fork() }.context("fork")? {
        ForkResult::Parent { child } => Ok(Some(Child::new(child))),
        ForkResult::Child => match end_with(parent) {
            Ok(()) => Ok(None),
            error => exit(error),
        },
    }
}

/// Ends this process, a forked child. Its parent learns only the exit status, which is that of
/// a program with this error, so the child reports the error itself.
pub fn exit(result: Result<()>) -> ! {
    if let Err(error) = &result {
        // One write a line, or lines of several processes would mix.
        let line = format!("pid {}: {error:#}\n", getpid());
        // Not `eprint!`, which panics where nobody reads it any more: the panic would go on into the
        // parent's code.
        let _ = stderr().write_all(line.as_bytes());
    }
    leave(result.map_or_else(|error| exit_status(&error), |()| 0).into())
}

/// Leaves without what is to be run at the end of a program: it is the parent's.
fn leave(status: i32) -> ! {
    let _ = stdout().flush();
    // SAFETY: it takes a number, and does not return.
    unsafe { libc::_exit(status) }
}

/// Asks the kernel to kill this process, a forked child, when the thread that forked it ends: in a
/// process with one thread, when its parent ends. For a child that would wait for ever.
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
/// If it did not end with exit status 0, or is not a child of this process.
pub fn wait_for(child: Pid) -> Result<()> {
    Child::new(child).join()
}

#[cfg(test)]
mod tests {
    use std::process::Stdio;

    use super::*;
    use testing::start;

    /// A child of this process. (Tests run in threads, so they must not fork.)
    #[expect(clippy::zombie_processes, reason = "the `Child` waits for it")]
    fn start(script: &str) -> Child {
        let mut command = start::command("sh");
        let child = command.args(["-c", script]).stdin(Stdio::null()).spawn().unwrap();
        Child::new(Pid::from_raw(child.id() as i32))
    }

    fn is_gone(pid: Pid) -> bool {
        waitpid(pid, None) == Err(Errno::ECHILD)
    }

    #[test]
    fn a_child_that_is_dropped_is_killed_and_waited_for() {
        let child = start("exec sleep 1000");
        let pid = child.pid();
        drop(child);
        assert!(is_gone(pid));
    }

    #[test]
    fn wait_tells_how_a_child_ended() {
        let ended = |script| describe(start(script).wait().unwrap());
        assert_eq!(ended("exit 3"), "exit status: 3");
        assert_eq!(ended("kill -TERM $$"), "killed by SIGTERM");
    }

    #[test]
    fn a_stop_is_no_end() {
        let mut child = start("kill -STOP $$; exit 4");
        let pid = child.pid();
        assert_eq!(
            describe(child.wait_with(WaitPidFlag::WUNTRACED).unwrap()),
            "stopped by SIGSTOP"
        );
        kill(pid, Signal::SIGCONT).unwrap();
        assert_eq!(child.wait_with(WaitPidFlag::empty()).unwrap(), Exited(pid, 4));
        let again = child.wait_with(WaitPidFlag::empty()).unwrap_err();
        assert_eq!(again.to_string(), format!("child {pid} was waited for"));
        drop(child);
        assert!(is_gone(pid));
    }

    #[test]
    fn a_child_that_did_not_end_well_is_an_error() {
        let wait = |script| {
            let child = std::mem::ManuallyDrop::new(start(script));
            (child.pid, wait_for(child.pid))
        };
        wait("exit 0").1.unwrap();
        let (pid, result) = wait("exit 1");
        assert_eq!(
            result.unwrap_err().to_string(),
            format!("child {pid} ended badly: exit status: 1")
        );
    }

    #[test]
    fn a_second_thread_forbids_to_fork() {
        let (keep, gate) = std::sync::mpsc::channel::<()>();
        let second = std::thread::spawn(move || gate.recv());
        let error = ensure_one_thread().expect_err("there are two");
        assert!(error.to_string().ends_with("threads must not fork"), "{error}");
        drop(keep);
        second.join().expect("no panic").expect_err("nothing was sent");
    }
}
