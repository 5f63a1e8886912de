//! The limits of the cgroups that this process is in: cgroups(7). A controller is either in the
//! one hierarchy of version 2, or has a hierarchy of its own, of version 1.

use std::fs;
use std::path::{Path, PathBuf};

/// The folders of this process's cgroup and of those above it, without the root, for a
/// controller; and whether they are of version 2.
fn folders(controller: &str) -> (Vec<PathBuf>, bool) {
    let text = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let of_version_1 = text.lines().find_map(|line| {
        let (_, rest) = line.split_once(':')?;
        let (controllers, path) = rest.split_once(':')?;
        controllers.split(',').any(|it| it == controller).then_some(path)
    });
    let of_version_2 = text.lines().find_map(|line| line.strip_prefix("0::"));
    let (mount, path) = match of_version_1 {
        Some(path) => (PathBuf::from("/sys/fs/cgroup").join(controller), path),
        None => (PathBuf::from("/sys/fs/cgroup"), of_version_2.unwrap_or("/")),
    };
    let folders = Path::new(path.trim_start_matches('/')).ancestors();
    let folders = folders.filter(|folder| *folder != Path::new(""));
    (folders.map(|folder| mount.join(folder)).collect(), of_version_1.is_none())
}

fn number(path: PathBuf) -> Option<f64> {
    fs::read_to_string(path).ok()?.trim().parse().ok()
}

/// How many CPUs' time this process may use at most, together with others.
pub fn cpu_quota() -> Option<f64> {
    let (folders, is_version_2) = folders("cpu");
    let quota = |folder: PathBuf| {
        if is_version_2 {
            let text = fs::read_to_string(folder.join("cpu.max")).ok()?;
            let (quota, period) = text.trim().split_once(' ')?;
            return Some(quota.parse::<f64>().ok()? / period.parse::<f64>().ok()?);
        }
        let quota = number(folder.join("cpu.cfs_quota_us"))?;
        (quota > 0.0).then_some(quota / number(folder.join("cpu.cfs_period_us"))?)
    };
    folders.into_iter().filter_map(quota).reduce(f64::min)
}

/// How many bytes of memory this process may use at most, together with others.
pub fn memory_limit() -> Option<u64> {
    let (folders, is_version_2) = folders("memory");
    let file = if is_version_2 { "memory.max" } else { "memory.limit_in_bytes" };
    let limit = |folder: PathBuf| fs::read_to_string(folder.join(file)).ok()?.trim().parse().ok();
    folders.into_iter().filter_map(limit).min()
}

/// Whether this process competes for CPU time as a part of a cgroup, and not by itself.
pub fn has_own_cpu_share() -> bool {
    let (folders, is_version_2) = folders("cpu");
    let file = if is_version_2 { "cpu.weight" } else { "cpu.shares" };
    folders.iter().any(|folder| folder.join(file).exists())
}
