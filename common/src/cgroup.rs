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

/// The cgroup that shares the CPU for this process, unless it is the root of all. In such a
/// cgroup the kernel uses no autogroups, even where they are on: sched(7).
pub fn cpu_cgroup() -> Option<String> {
    let text = fs::read_to_string("/proc/self/cgroup").ok()?;
    cpu_cgroup_in(&text, |folder| folder.join("cpu.weight").exists())
}

/// The same, from the text of /proc/self/cgroup: cgroups(7).
fn cpu_cgroup_in(text: &str, shares_the_cpu: impl Fn(&Path) -> bool) -> Option<String> {
    let lines = text.lines().filter_map(|line| {
        let (controllers, path) = line.split_once(':')?.1.split_once(':')?;
        Some((controllers, path))
    });
    let of_cpu = |controllers: &str| controllers.split(',').any(|name| name == "cpu");
    if let Some((_, path)) = lines.clone().find(|(controllers, _)| of_cpu(controllers)) {
        return (path != "/").then(|| path.to_owned());
    }
    // In version 2, a cgroup that does not share the CPU leaves it to the one above.
    let (_, path) = lines.clone().find(|(controllers, _)| controllers.is_empty())?;
    let folder = Path::new("/sys/fs/cgroup").join(path.trim_start_matches('/'));
    let mut folders = folder.ancestors().take_while(|above| above.starts_with("/sys/fs/cgroup"));
    folders.any(shares_the_cpu).then(|| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cgroup_shares_the_cpu_or_one_above_it_does() {
        let in_cgroup = |text, sharing: &str| cpu_cgroup_in(text, |at| at == Path::new(sharing));
        let old = "3:cpuset:/x\n2:cpu,cpuacct:/lesson\n0::/y\n";
        assert_eq!(in_cgroup(old, "-"), Some("/lesson".to_owned()));
        assert_eq!(in_cgroup("3:cpuset:/x\n1:cpu:/\n0::/y\n", "/sys/fs/cgroup/y"), None);
        let new = "0::/user.slice/shell\n";
        for sharing in ["/sys/fs/cgroup/user.slice", "/sys/fs/cgroup/user.slice/shell"] {
            assert_eq!(in_cgroup(new, sharing), Some("/user.slice/shell".to_owned()));
        }
        // The root of a container is a cgroup with a weight; the root of all has none.
        assert_eq!(in_cgroup("0::/\n", "/sys/fs/cgroup"), Some("/".to_owned()));
        assert_eq!(in_cgroup("0::/\n", "-"), None);
        assert_eq!(in_cgroup(new, "/sys/fs"), None);
        assert_eq!(in_cgroup("", "/sys/fs/cgroup"), None);
    }
}
