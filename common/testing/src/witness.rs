//! A witness for tests: which process wrote each line, by the kernel's word.
//!
//! A program that prints the right text need not have done the right thing. A
//! test gives it a socket as standard output, and the kernel attaches to every
//! message the id of the process that sent it (`SO_PASSCRED`, unix(7)). So a
//! test can tell that a line was written by a child, not by a parent that
//! pretends.

use std::io::{self, IoSliceMut};
use std::os::fd::AsRawFd;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use nix::errno::Errno;
use nix::sys::prctl::set_child_subreaper;
use nix::sys::signal::{Signal, killpg};
use nix::sys::socket::sockopt::{PassCred, ReceiveTimeout};
use nix::sys::socket::{
    AddressFamily, ControlMessageOwned, MsgFlags, RecvMsg, SockFlag, SockType, UnixCredentials,
    recvmsg, setsockopt, socketpair,
};
use nix::sys::time::TimeVal;
use nix::sys::wait::{WaitPidFlag, waitpid};
use nix::unistd::Pid;

use crate::{not_here, seen};

/// A line of output and the process that wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The id of the writing process, as the kernel states it.
    pub pid: u32,
    /// The text, without its newline.
    pub text: String,
}

/// What a program did, as far as its standard output shows.
#[derive(Debug)]
pub struct Testimony {
    /// The id of the program that was started.
    pub pid: u32,
    /// Every line of its standard output, in order, from all its processes.
    pub lines: Vec<Line>,
    /// What it and its processes wrote to standard error.
    pub errors: String,
    /// How the program ended.
    pub status: ExitStatus,
}

impl Testimony {
    /// The lines as text, without who wrote them.
    pub fn texts(&self) -> Vec<&str> {
        self.lines.iter().map(|line| line.text.as_str()).collect()
    }

    /// The ids of the processes that wrote something, each once, in the order
    /// of their first line.
    pub fn writers(&self) -> Vec<u32> {
        let mut writers = Vec::new();
        for line in &self.lines {
            if !writers.contains(&line.pid) {
                writers.push(line.pid);
            }
        }
        writers
    }
}

/// Runs `command` to its end and returns its testimony.
///
/// # Errors
/// If the program cannot be started, neither writes nor ends for a minute, writes a
/// piece of a line (lines of several processes would tear), or ends without
/// having waited for a child that wrote something.
pub fn run(command: Command) -> Result<Testimony> {
    run_within(command, Duration::from_secs(60))
}

/// As [`run`], with the time in which something must happen, in whole seconds.
fn run_within(mut command: Command, limit: Duration) -> Result<Testimony> {
    // An orphan would become our child: that is how we notice it below.
    set_child_subreaper(true).context("prctl(PR_SET_CHILD_SUBREAPER)")?;
    let (ours, theirs) =
        socketpair(AddressFamily::Unix, SockType::SeqPacket, None, SockFlag::SOCK_CLOEXEC)
            .context("socketpair")?;
    setsockopt(&ours, PassCred, &true).context("setsockopt(SO_PASSCRED)")?;
    let timeout = TimeVal::new(limit.as_secs().try_into()?, 0);
    setsockopt(&ours, ReceiveTimeout, &timeout).context("setsockopt(SO_RCVTIMEO)")?;

    let (errors, their_errors) = io::pipe().context("pipe")?;
    let mut child = command
        .stdout(theirs)
        .stderr(their_errors)
        .process_group(0)
        .spawn()
        .with_context(|| format!("start {command:?}"))?;
    // The command holds our copy of their end: as long as it lives, no end of file.
    drop(command);

    // At the same time, or a program that fills this pipe would wait for ever.
    let errors = thread::spawn(move || io::read_to_string(errors));
    let testimony = hear(&mut child, &ours, limit);
    if testimony.is_err() {
        // What is wrong is known; nothing of it may be left. That it may have
        // ended by itself in the meantime is not an error.
        let _ = killpg(Pid::from_raw(child.id() as i32), Signal::SIGKILL);
        let _ = child.wait();
    }
    let mut testimony = testimony?;
    testimony.errors = errors.join().expect("it does not panic").context("standard error")?;
    not_here::heed(testimony.status.code(), &testimony.errors);
    Ok(testimony)
}

/// Hears a program out.
fn hear(child: &mut Child, socket: &impl AsRawFd, limit: Duration) -> Result<Testimony> {
    let mut lines = Vec::new();
    while let Some((pid, text)) = receive(socket)? {
        ensure!(text.ends_with('\n'), "process {pid} wrote a piece of a line: {text:?}");
        lines.extend(text.lines().map(|line| Line { pid, text: line.to_owned() }));
    }
    let ended = seen::within(limit, || child.try_wait().transpose()).transpose();
    let status = ended.context("wait")?;
    let status = status.context("the program has closed its standard output, and has not ended")?;
    let testimony = Testimony { pid: child.id(), lines, errors: String::new(), status };
    for pid in testimony.writers() {
        let orphan = waitpid(Pid::from_raw(pid as i32), Some(WaitPidFlag::WNOHANG));
        ensure!(orphan == Err(Errno::ECHILD), "nobody waited for process {pid}: {orphan:?}");
    }
    Ok(testimony)
}

/// The next message and the process that sent it; `None` when every process
/// that could send one has ended.
fn receive(socket: &impl AsRawFd) -> Result<Option<(u32, String)>> {
    let mut buffer = vec![0; 1 << 16];
    let mut slices = [IoSliceMut::new(&mut buffer)];
    let mut space = nix::cmsg_space!(UnixCredentials);
    let flags = MsgFlags::MSG_CMSG_CLOEXEC;
    let message: RecvMsg<()> =
        match recvmsg(socket.as_raw_fd(), &mut slices, Some(&mut space), flags) {
            Err(Errno::EAGAIN) => {
                bail!("the program has written nothing in time, and has not ended")
            }
            // A process that was stopped and has been continued: signal(7).
            Err(Errno::EINTR) => return receive(socket),
            message => message.context("recvmsg")?,
        };
    if message.bytes == 0 {
        return Ok(None);
    }
    let pid = message.cmsgs().context("control messages")?.find_map(|control| match control {
        ControlMessageOwned::ScmCredentials(credentials) => u32::try_from(credentials.pid()).ok(),
        _ => None,
    });
    let pid = pid.context("the kernel attached no credentials")?;
    let length = message.bytes;
    let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
    Ok(Some((pid, text)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::start;

    fn shell(script: &str) -> Result<Testimony> {
        shell_within(script, Duration::from_secs(60))
    }

    fn shell_within(script: &str, limit: Duration) -> Result<Testimony> {
        let mut command = start::command("sh");
        command.args(["-c", script]);
        run_within(command, limit)
    }

    #[test]
    fn a_program_that_does_not_end_is_noticed() {
        for (script, why) in [
            ("exec sleep 1000", "has written nothing in time"),
            ("exec sleep 1000 >&-", "has closed its standard output, and has not ended"),
        ] {
            let error = shell_within(script, Duration::from_secs(1)).unwrap_err();
            assert!(error.to_string().contains(why), "{error}");
        }
    }

    #[test]
    fn the_kernel_says_who_wrote_a_line() {
        let testimony = shell("echo $$; sh -c 'echo $$'; exit 3").unwrap();
        assert_eq!(testimony.status.code(), Some(3));
        assert_eq!(testimony.lines.len(), 2);
        for line in &testimony.lines {
            assert_eq!(line.text, line.pid.to_string());
        }
        assert_eq!(testimony.lines[0].pid, testimony.pid);
        assert_ne!(testimony.lines[1].pid, testimony.pid);
    }

    #[test]
    fn a_child_that_nobody_waited_for_is_noticed() {
        let error = shell("(echo child) & exec true").unwrap_err();
        assert!(error.to_string().starts_with("nobody waited for"), "{error}");
    }

    #[test]
    fn a_piece_of_a_line_is_noticed() {
        let error = shell("printf half").unwrap_err();
        assert!(error.to_string().contains("a piece of a line"), "{error}");
    }
}
