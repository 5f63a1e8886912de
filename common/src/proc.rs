//! What the kernel reports about a process in /proc: proc(5).

use std::fmt;
use std::fs::{self, read_to_string};
use std::io::{self, ErrorKind};
use std::path::Path;
use std::thread;
use std::time::Duration;

use nix::poll::{PollTimeout, poll};
use nix::unistd::{Pid, SysconfVar, sysconf};

use crate::during;

/// The running program. Its path may no longer name it: Cargo replaces a program when it is
/// rebuilt, while the old one still runs.
pub const OWN_PROGRAM: &str = "/proc/self/exe";

/// The text of a file about a process. A process can give itself a name of any bytes, so what is
/// not UTF-8 is replaced.
///
/// # Errors
/// If the file cannot be read: the process may be gone.
pub fn text(file: impl AsRef<Path>) -> io::Result<String> {
    Ok(String::from_utf8_lossy(&fs::read(file)?).into_owned())
}

/// A set of signals in the `status` file of a process, such as `SigIgn`. Its lowest bit is that of
/// signal 1.
///
/// # Errors
/// If the file cannot be read, or has no such set.
pub fn signals(status: impl AsRef<Path>, name: &str) -> io::Result<u64> {
    let status = status.as_ref();
    let digits = field(status, name)?;
    u64::from_str_radix(&digits, 16)
        .map_err(|_| unexpected(status, format_args!("{name}: '{digits}'")))
}

/// The value of a line `name: value` in a file of /proc, such as `State` in
/// `/proc/self/status`.
///
/// # Errors
/// If the file cannot be read (the process may be gone), or has no such line.
pub fn field(file: impl AsRef<Path>, name: &str) -> io::Result<String> {
    let file = file.as_ref();
    let text = text(file).map_err(during(file.display()))?;
    let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    let value = value.ok_or_else(|| unexpected(file, format_args!("no line '{name}:'")))?;
    Ok(value.trim().to_owned())
}

/// The value of a line `name: value kB`, in KiB, which is what the kernel means.
///
/// # Errors
/// As [`field`], and if the value is not a number with this unit.
pub fn kib(file: impl AsRef<Path>, name: &str) -> io::Result<u64> {
    let file = file.as_ref();
    let value = field(file, name)?;
    let number = value.strip_suffix(" kB").and_then(|number| number.parse().ok());
    number.ok_or_else(|| unexpected(file, format_args!("{name}: '{value}'")))
}

/// The error that a file of /proc is not as proc(5) says.
fn unexpected(file: &Path, what: fmt::Arguments) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, format!("{}: {what}", file.display()))
}

/// The size of a page of memory, in bytes: the least that the kernel maps or copies.
pub fn page_size() -> usize {
    let size = sysconf(SysconfVar::PAGE_SIZE).ok().flatten();
    size.and_then(|size| size.try_into().ok()).expect("POSIX: every system has a page size")
}

/// Asks /proc again and again until a process, or a thread by its own id, sleeps in the
/// kernel; `false` if it has ended instead.
///
/// # Errors
/// If it is stopped, or gone: a process that was waited for, or a thread that has ended.
pub fn poll_until_asleep(id: Pid) -> io::Result<bool> {
    loop {
        match field(format!("/proc/{id}/status"), "State")?.chars().next() {
            Some('S') => return Ok(true),
            Some('Z') => return Ok(false),
            Some('T') => return Err(io::Error::other(format!("pid {id} is stopped"))),
            // A pause of 1 ms that is not a `sleep` in the record of a demo.
            _ => _ = poll(&mut [], PollTimeout::from(1_u8)),
        }
    }
}

/// Where in the kernel a process sleeps, such as `futex_do_wait`. `0` if it does not sleep,
/// or the kernel does not say.
///
/// # Errors
/// If it is gone.
pub fn wchan(id: Pid) -> io::Result<String> {
    let file = format!("/proc/{id}/wchan");
    for _ in 0..100 {
        let place = read_to_string(&file).map_err(during(&file))?;
        if place != "0" {
            return Ok(place);
        }
        // A process that has just fallen asleep may stay in the scheduler's queue for a
        // moment (since Linux 6.12), and until then it is 0.
        thread::sleep(Duration::from_millis(1));
    }
    Ok("0".to_owned())
}

#[cfg(test)]
mod tests {
    use nix::sys::signal::{Signal, kill};
    use nix::sys::wait::{Id, WaitPidFlag, waitid, waitpid};
    use testing::start;

    use super::*;

    #[test]
    fn a_process_finds_itself() {
        let status = "/proc/self/status";
        assert_eq!(field(status, "Pid").unwrap(), std::process::id().to_string());
        assert!(kib(status, "VmRSS").unwrap() > 0);
    }

    #[test]
    fn what_is_not_there_is_an_error_that_says_what() {
        let error = |result: io::Result<String>| format!("{:#}", result.unwrap_err());
        assert_eq!(error(field("/proc/self/status", "Pi")), "/proc/self/status: no line 'Pi:'");
        let gone = error(field("/proc/0/status", "Pid"));
        assert!(gone.starts_with("/proc/0/status: No such file"), "{gone}");
        let set = signals("/proc/self/status", "State").unwrap_err().to_string();
        assert!(set.starts_with("/proc/self/status: State: '"), "{set}");
        let number = kib("/proc/self/status", "State").unwrap_err().to_string();
        assert!(number.starts_with("/proc/self/status: State: '"), "{number}");
    }

    #[test]
    fn a_stopped_process_does_not_fall_asleep() {
        let mut sleeping = start::command("sleep").arg("1000").spawn().unwrap();
        let pid = Pid::from_raw(sleeping.id() as i32);
        assert!(poll_until_asleep(pid).unwrap());
        kill(pid, Signal::SIGSTOP).unwrap();
        waitpid(pid, Some(WaitPidFlag::WUNTRACED)).unwrap();
        assert_eq!(
            poll_until_asleep(pid).unwrap_err().to_string(),
            format!("pid {pid} is stopped")
        );
        sleeping.kill().unwrap();
        waitid(Id::Pid(pid), WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT).unwrap();
        assert!(!poll_until_asleep(pid).unwrap());
        sleeping.wait().unwrap();
        assert!(poll_until_asleep(pid).is_err());
    }
}
