//! Which limit lets no more threads or processes start. For a thread the error is EAGAIN whatever
//! the reason, pthread_create(3). For a process it may also be ENOMEM, fork(2).

use std::fs;
use std::path::Path;

use common::proc;
use nix::unistd::Pid;

use super::memory;

/// The limits that a process has met, for a person to read. A limit that cannot be read is left
/// out. `parts`: into how many parts its memory was divided, as far as is known, if it has ended.
pub fn met(process: Pid, parts: usize) -> String {
    let own = [address_space(process), mappings(process, parts), threads_of_user(process)];
    let all = own.into_iter().chain(threads_of_system()).chain([cgroup(process)]);
    let met: Vec<_> = all.flatten().collect();
    if met.is_empty() { "the system does not say why".to_owned() } else { met.join("; ") }
}

fn is_met(name: &str, used: u64, most: u64) -> Option<String> {
    (used >= most).then(|| format!("{name}: ≈ {used} of {most}"))
}

fn address_space(process: Pid) -> Option<String> {
    let most = resource_limit(process, "Max address space")? >> 20;
    // A process that has ended has met its limit and given its memory back.
    let status = format!("/proc/{process}/status");
    let used = proc::kib(status, "VmSize").map_or(most, |kib| kib >> 10);
    // For a moment the C library's allocator reserves 128 MiB for a thread.
    (used + 128 >= most).then(|| format!("RLIMIT_AS: ≈ {used} of {most} MiB"))
}

/// Rust maps two stacks for a thread, the second for the handler of an overflow. If there is
/// room for the first only, it aborts the process. A stack and its guard page are two parts, or
/// one with glibc 2.42 or later and Linux 6.13 or later: so they are counted.
fn mappings(process: Pid, parts: usize) -> Option<String> {
    let most: u64 = number("/proc/sys/vm/max_map_count")?;
    let now = memory::parts(process).ok().filter(|&parts| parts > 0);
    // Of a process that has ended, many threads may not have reported that they had started.
    let margin = if now.is_some() { 400 } else { most / 8 };
    let used = (now.unwrap_or(parts) as u64).min(most);
    (used + margin >= most).then(|| format!("vm.max_map_count: ≈ {used} of {most}"))
}

/// The superuser has no such limit. Elsewhere, as in a container, user 0 may be an ordinary one:
/// user_namespaces(7).
fn threads_of_user(process: Pid) -> Option<String> {
    let user = |folder: &Path| {
        let ids = proc::field(folder.join("status"), "Uid").ok()?;
        ids.split('\t').next().map(str::to_owned)
    };
    let own = user(Path::new(&format!("/proc/{process}")))?;
    let map = fs::read_to_string(format!("/proc/{process}/uid_map")).ok()?;
    if own == "0" && map.split_whitespace().take(2).eq(["0", "0"]) {
        return None;
    }
    let processes = fs::read_dir("/proc").ok()?.flatten().map(|entry| entry.path());
    let threads =
        processes.filter(|folder| user(folder).as_ref() == Some(&own)).filter_map(|folder| {
            proc::field(folder.join("status"), "Threads").ok()?.parse::<u64>().ok()
        });
    is_met("RLIMIT_NPROC", threads.sum(), resource_limit(process, "Max processes")?)
}

/// How many threads there are is in proc_loadavg(5). The kernel does not reuse the first
/// 300 ids.
fn threads_of_system() -> [Option<String>; 2] {
    let limit = |name, file, reserved| {
        let text = fs::read_to_string("/proc/loadavg").ok()?;
        let threads = text.split_once('/')?.1.split(' ').next()?.parse().ok()?;
        is_met(name, threads, number(file)? - reserved)
    };
    [
        limit("kernel.threads-max", "/proc/sys/kernel/threads-max", 0),
        limit("kernel.pid_max less 300", "/proc/sys/kernel/pid_max", 300),
    ]
}

/// A group of processes can have a limit, and so can each group that contains it.
fn cgroup(process: Pid) -> Option<String> {
    let groups = fs::read_to_string(format!("/proc/{process}/cgroup")).ok()?;
    groups.lines().find_map(|line| {
        let (root, group) = match line.splitn(3, ':').collect::<Vec<_>>()[..] {
            ["0", "", group] => ("/sys/fs/cgroup", group),
            [_, "pids", group] => ("/sys/fs/cgroup/pids", group),
            _ => return None,
        };
        Path::new(group).ancestors().find_map(|group| {
            let read = |name| number(format!("{root}{}/{name}", group.display()));
            is_met("pids.max of a cgroup", read("pids.current")?, read("pids.max")?)
        })
    })
}

/// The soft limit in a line of /proc/PID/limits; `None` if it is `unlimited`.
fn resource_limit(process: Pid, name: &str) -> Option<u64> {
    let limits = fs::read_to_string(format!("/proc/{process}/limits")).ok()?;
    let line = limits.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

/// The number in a file; `None` if it is something else, such as `max`.
fn number(file: impl AsRef<Path>) -> Option<u64> {
    fs::read_to_string(file).ok()?.trim().parse().ok()
}
