//! The descendants of this process: finding, killing and reaping them.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use nix::errno::Errno;
use nix::sys::signal::{Signal, kill, killpg};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{Pid, getpid};

/// A process that was left behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stray {
    /// Its id.
    pub pid: i32,
    /// Its name, as `ps` shows it.
    pub name: String,
}

/// What `end_all` met.
pub struct Swept {
    /// Processes that were alive until it killed them.
    pub killed: Vec<Stray>,
    /// Those that were still there when the time was over.
    pub survivors: Vec<Stray>,
}

/// Kills and reaps until no descendant is left, or until the time is over.
///
/// This process must be a subreaper. Then nothing escapes: whatever loses its
/// parent becomes our child, and the end is reached only when the kernel says
/// that there is no child. Only children are killed, generation by generation,
/// each with the process group that it may lead: the id of a child that we have
/// not reaped is certainly its own, while that of a grandchild may be another's
/// by now.
pub fn end_all(until: Instant) -> Result<Swept> {
    let mut swept = Swept { killed: Vec::new(), survivors: Vec::new() };
    let mut names = BTreeMap::new();
    let mut before = Vec::new();
    // A process that had ended before is reaped too, but not as killed by us.
    while !reap_and_tell(|pid| swept.killed.extend(names.remove(&pid)))? {
        let found = children()?;
        for child in &found {
            kill_with_group(*child);
        }
        let strays = found.iter().filter_map(|pid| look(&pid.to_string())).map(stray);
        if Instant::now() >= until {
            swept.survivors = strays.collect();
            break;
        }
        if swept.killed.len() < ENOUGH {
            names.extend(strays.map(|stray| (Pid::from_raw(stray.pid), stray)));
        }
        if found == before {
            sleep(Duration::from_millis(1));
        }
        before = found;
    }
    Ok(swept)
}

/// Kills and reaps the children that are not to be kept, until none is left, or until the
/// time is over, and returns whether none is.
///
/// For a process with several threads that is a subreaper, and has other children, too.
pub fn end_others(keep: impl Fn(Pid) -> bool, until: Instant) -> Result<bool> {
    loop {
        let own = |process: &Process| process.parent == getpid() && !keep(process.pid);
        let found: Vec<Pid> = processes()?.into_iter().filter(own).map(|it| it.pid).collect();
        for child in &found {
            kill_with_group(*child);
            // What is not dead yet is found again.
            let _ = waitpid(*child, Some(WaitPidFlag::WNOHANG | WaitPidFlag::__WALL));
        }
        if found.is_empty() || Instant::now() >= until {
            return Ok(found.is_empty());
        }
        sleep(Duration::from_millis(1));
    }
}

/// Kills a process and the group that it may lead. A group dies as one, and
/// cannot fork while it does.
pub fn kill_with_group(process: Pid) {
    let _ = killpg(process, Signal::SIGKILL);
    let _ = kill(process, Signal::SIGKILL);
}

/// How many names are enough for a reader. In a storm there may be thousands.
const ENOUGH: usize = 100;

/// The descendants that have not ended.
pub fn running() -> Result<Vec<Stray>> {
    Ok(descendants()?.into_iter().filter(|process| process.running).map(stray).collect())
}

/// Our children, including those that have ended.
fn children() -> Result<Vec<Pid>> {
    // Missing on a kernel that was built without CONFIG_PROC_CHILDREN.
    let Ok(list) = fs::read_to_string("/proc/thread-self/children") else {
        let own = |process: &Process| process.parent == getpid();
        return Ok(processes()?.into_iter().filter(own).map(|process| process.pid).collect());
    };
    let number = |pid: &str| pid.parse().with_context(|| format!("child '{pid}'"));
    list.split_ascii_whitespace().map(|pid| number(pid).map(Pid::from_raw)).collect()
}

/// Reaps the children that have ended, and says whether there is no child left.
pub fn reap() -> Result<bool> {
    reap_and_tell(|_| ())
}

/// The same; and returns which of them a SIGKILL ended.
fn reap_and_tell(mut killed: impl FnMut(Pid)) -> Result<bool> {
    // Not for ever: in a storm of forks they end faster than this can reap.
    for _ in 0..1000 {
        match waitpid(None, Some(WaitPidFlag::WNOHANG | WaitPidFlag::__WALL)) {
            Ok(WaitStatus::StillAlive) => return Ok(false),
            Err(Errno::ECHILD) => return Ok(true),
            Ok(WaitStatus::Signaled(pid, Signal::SIGKILL, _)) => killed(pid),
            // EINVAL: reaped, but killed by a real-time signal, which nix does not know.
            Ok(_) | Err(Errno::EINVAL) => {}
            Err(error) => bail!("waitpid: {error}"),
        }
    }
    Ok(false)
}

/// A process, as proc_pid_stat(5) describes it.
#[derive(Debug, PartialEq)]
struct Process {
    pid: Pid,
    name: String,
    running: bool,
    parent: Pid,
}

fn stray(process: Process) -> Stray {
    Stray { pid: process.pid.as_raw(), name: process.name }
}

/// Every descendant of this process, including those that have ended and wait to
/// be reaped.
fn descendants() -> Result<Vec<Process>> {
    let mut children: HashMap<Pid, Vec<Process>> = HashMap::new();
    for process in processes()? {
        children.entry(process.parent).or_default().push(process);
    }
    let mut found = children.remove(&getpid()).unwrap_or_default();
    let mut next = 0;
    while let Some(process) = found.get(next) {
        let grandchildren = children.remove(&process.pid).unwrap_or_default();
        found.extend(grandchildren);
        next += 1;
    }
    Ok(found)
}

/// Every process that /proc shows.
fn processes() -> Result<Vec<Process>> {
    let mut processes = Vec::new();
    for entry in fs::read_dir("/proc").context("read /proc")? {
        let entry = entry.context("read /proc")?;
        processes.extend(look(&entry.file_name().to_string_lossy()));
    }
    Ok(processes)
}

/// What /proc says about a process; `None` if it has ended by now, or if
/// that is not a process.
fn look(pid: &str) -> Option<Process> {
    let stat = fs::read(format!("/proc/{pid}/stat")).ok()?;
    parse(&String::from_utf8_lossy(&stat))
}

/// `pid (name) state parent …`, where the name may hold anything.
fn parse(stat: &str) -> Option<Process> {
    let (pid, rest) = stat.split_once(" (")?;
    let (name, rest) = rest.rsplit_once(") ")?;
    let mut fields = rest.split(' ');
    let state = fields.next()?;
    Some(Process {
        pid: Pid::from_raw(pid.parse().ok()?),
        name: name.to_owned(),
        running: !matches!(state, "Z" | "X"),
        parent: Pid::from_raw(fields.next()?.parse().ok()?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_hold_anything() {
        let process = parse("12 (a) (b) R 7 3) S 1 11 9 0 -1\n").unwrap();
        assert_eq!(process.name, "a) (b) R 7 3");
        assert_eq!((process.pid, process.parent), (Pid::from_raw(12), Pid::from_raw(1)));
        assert!(process.running);
        assert!(!parse("12 (gone) Z 1 11 9").unwrap().running);
    }

    #[test]
    fn what_is_no_stat_is_no_process() {
        for stat in ["", "12", "12 (a", "12 (a) S", "12 (a) S one 2", "x (a) S 1 2"] {
            assert_eq!(parse(stat), None, "{stat:?}");
        }
    }
}
