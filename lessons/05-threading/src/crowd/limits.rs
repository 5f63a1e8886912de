//! Which limit lets no more threads or processes start. The error is EAGAIN for all of them:
//! pthread_create(3), fork(2).

use std::fs;
use std::path::Path;

use common::proc;
use nix::unistd::Pid;

use super::Kind;

/// The limits that a process has met after it has started `started` threads or processes,
/// for a person to read. A limit that cannot be read is left out.
pub fn met(process: Pid, kind: Kind, started: usize) -> String {
    let threads = if kind == Kind::Threads { started as u64 } else { 0 };
    let own = [address_space(process), mappings(process, threads), threads_of_user(process)];
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

/// Rust needs four mappings to start a thread: two stacks, the second for the handler of an
/// overflow, and a guard page before each. If there is room for the first stack only, it
/// aborts the process.
fn mappings(process: Pid, threads: u64) -> Option<String> {
    let maps = fs::read_to_string(format!("/proc/{process}/maps")).ok()?;
    let most = number("/proc/sys/vm/max_map_count")?;
    let used = (maps.lines().count() as u64).max(4 * threads).min(most);
    // A hundred threads may have started that are not counted yet.
    (used + 400 >= most).then(|| format!("vm.max_map_count: ≈ {used} of {most}"))
}

/// The superuser has no such limit.
fn threads_of_user(process: Pid) -> Option<String> {
    let user = |folder: &Path| {
        let ids = proc::field(folder.join("status"), "Uid").ok()?;
        ids.split('\t').next().filter(|&id| id != "0").map(str::to_owned)
    };
    let own = user(Path::new(&format!("/proc/{process}")))?;
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
