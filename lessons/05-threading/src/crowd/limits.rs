//! Which limit lets no more threads or processes start. The system says EAGAIN for all of
//! them: pthread_create(3), fork(2).

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use common::proc;
use nix::unistd::Pid;

use super::leader::Kind;

/// What Rust needs to start a thread: two stacks, the second for the handler of an
/// overflow, and before each a page that nobody may use.
const MAPPINGS: u64 = 4;
/// What the C library's allocator reserves for a thread for a moment: more than a stack.
const ARENA: u64 = 128 << 20;

/// The limits that a process has met after it has started so many, in words. It may have
/// ended: then there is less to ask.
pub fn met(process: Pid, kind: Kind, members: usize) -> String {
    let own =
        [address_space(process), mappings(process, kind, members), processes_of_user(process)];
    let all = own.into_iter().chain([threads_of_system(), ids()]);
    // Of a limit that cannot be read nothing can be said.
    let met = all.filter_map(|check| check.ok().flatten());
    let met: Vec<_> = met.chain(cgroups(process).unwrap_or_default()).collect();
    if met.is_empty() { "the system does not tell why".to_owned() } else { met.join("; ") }
}

fn address_space(process: Pid) -> Result<Option<String>> {
    let Some(most) = resource_limit(process, "Max address space")? else { return Ok(None) };
    Ok(match proc::kib(format!("/proc/{process}/status"), "VmSize") {
        Ok(used) if (used << 10) + ARENA < most => None,
        Ok(used) => Some(format!("RLIMIT_AS: ≈ {} of {} MiB", used >> 10, most >> 20)),
        // It has ended, and its memory is given back. It had such a limit.
        Err(_) => Some(format!("RLIMIT_AS: all of {} MiB", most >> 20)),
    })
}

/// When a thread gets its first stack and not its second, Rust ends the process.
fn mappings(process: Pid, kind: Kind, members: usize) -> Result<Option<String>> {
    let seen = fs::read_to_string(format!("/proc/{process}/maps"))?.lines().count() as u64;
    let of_threads = if kind == Kind::Threads { MAPPINGS * members as u64 } else { 0 };
    let most = number("/proc/sys/vm/max_map_count")?;
    // A few threads more had begun, and the program has some of its own.
    let used = seen.max(of_threads);
    let near = used + 100 * MAPPINGS >= most;
    Ok(near.then(|| format!("vm.max_map_count: ≈ {used} of {most}")))
}

/// The superuser has no such limit.
fn processes_of_user(process: Pid) -> Result<Option<String>> {
    let user = |status: &Path| -> Result<String> {
        Ok(proc::field(status, "Uid")?.split_whitespace().next().unwrap_or_default().to_owned())
    };
    let wanted = user(Path::new(&format!("/proc/{process}/status")))?;
    let Some(most) = resource_limit(process, "Max processes")? else { return Ok(None) };
    let mut used = 0;
    for entry in fs::read_dir("/proc")?.flatten() {
        let status = entry.path().join("status");
        // Those that are no process, or have ended.
        if user(&status).is_ok_and(|user| user == wanted) {
            used +=
                proc::field(&status, "Threads").ok().and_then(|it| it.parse().ok()).unwrap_or(0);
        }
    }
    Ok(is_met("RLIMIT_NPROC", used, most).filter(|_| wanted != "0"))
}

fn threads_of_system() -> Result<Option<String>> {
    Ok(is_met("kernel.threads-max", tasks()?, number("/proc/sys/kernel/threads-max")?))
}

/// The first 300 ids are not given out again.
fn ids() -> Result<Option<String>> {
    let usable = number("/proc/sys/kernel/pid_max")?.saturating_sub(300);
    Ok(is_met("kernel.pid_max less 300", tasks()?, usable))
}

/// A group of processes can have a limit, and so can the groups that it is in.
fn cgroups(process: Pid) -> Result<Vec<String>> {
    let text = fs::read_to_string(format!("/proc/{process}/cgroup"))?;
    let mut met = Vec::new();
    for line in text.lines() {
        let (root, group) = match line.splitn(3, ':').collect::<Vec<_>>()[..] {
            ["0", "", group] => ("/sys/fs/cgroup", group),
            [_, "pids", group] => ("/sys/fs/cgroup/pids", group),
            _ => continue,
        };
        let folder = PathBuf::from(format!("{root}{group}"));
        for folder in folder.ancestors().take_while(|folder| folder.starts_with(root)) {
            // Without a limit there is no number.
            let read = |name| number(folder.join(name));
            if let (Ok(used), Ok(most)) = (read("pids.current"), read("pids.max")) {
                met.extend(is_met("pids.max of a cgroup", used, most));
            }
        }
    }
    Ok(met)
}

fn is_met(name: &str, used: u64, most: u64) -> Option<String> {
    (used >= most).then(|| format!("{name}: ≈ {used} of {most}"))
}

/// The soft limit in a line of /proc/PID/limits; `None` if it is `unlimited`.
fn resource_limit(process: Pid, name: &str) -> Result<Option<u64>> {
    let limits = fs::read_to_string(format!("/proc/{process}/limits"))?;
    let line = limits.lines().find_map(|line| line.strip_prefix(name)).context(name.to_owned())?;
    Ok(line.split_whitespace().next().and_then(|soft| soft.parse().ok()))
}

/// How many threads the whole system has: proc_loadavg(5).
fn tasks() -> Result<u64> {
    let text = fs::read_to_string("/proc/loadavg")?;
    let (_, rest) = text.split_once('/').context("/proc/loadavg")?;
    Ok(rest.split(' ').next().unwrap_or_default().parse()?)
}

fn number(file: impl AsRef<Path>) -> Result<u64> {
    Ok(fs::read_to_string(file)?.trim().parse()?)
}
