//! How nice a task is to the others, and what the kernel does with that: nice(2), and
//! "The autogroup feature" in sched(7).

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use nix::errno::Errno;
use nix::libc;

/// The weight of each nice value, from -20 to 19: `sched_prio_to_weight` in the
/// kernel's kernel/sched/core.c. Tasks that compete share a CPU by their weights.
const WEIGHTS: [u32; 40] = [
    88761, 71755, 56483, 46273, 36291, 29154, 23254, 18705, 14949, 11916, 9548, 7620, 6100, 4904,
    3906, 3121, 2501, 1991, 1586, 1277, 1024, 820, 655, 526, 423, 335, 272, 215, 172, 137, 110, 87,
    70, 56, 45, 36, 29, 23, 18, 15,
];

/// The weight of a nice value.
///
/// # Panics
/// If there is no such nice value.
pub fn weight(nice: i32) -> u32 {
    WEIGHTS[usize::try_from(nice + 20).expect("from -20 on")]
}

/// Sets the nice value of this process.
///
/// # Errors
/// If it may not be: only the system's administrator may make a process less
/// nice than it is.
pub fn set_nice(nice: i32) -> Result<(), Errno> {
    // SAFETY: the call takes three numbers and touches no memory.
    Errno::result(unsafe { libc::setpriority(libc::PRIO_PROCESS as _, 0, nice) }).map(drop)
}

/// Whether the kernel makes a group of each session: it then shares a CPU between the
/// groups, and takes account of nice values only inside a group.
pub fn autogroups_are_on() -> bool {
    // A kernel built without them has no such file.
    fs::read_to_string("/proc/sys/kernel/sched_autogroup_enabled")
        .is_ok_and(|text| text.trim() == "1")
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

/// The number of the autogroup that this process belongs to, if it does.
///
/// # Errors
/// If it is not written as sched(7) describes.
pub fn autogroup() -> Result<Option<u64>> {
    // Without autogroups there is no such file, or nothing in it.
    let text = fs::read_to_string("/proc/self/autogroup").unwrap_or_default();
    if text.is_empty() {
        return Ok(None);
    }
    number_of(&text).with_context(|| format!("/proc/self/autogroup: '{text}'")).map(Some)
}

/// The number in a text such as `/autogroup-25 nice 0`.
fn number_of(text: &str) -> Option<u64> {
    text.strip_prefix("/autogroup-")?.split(' ').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_of_one_is_a_quarter_more_or_less() {
        assert_eq!([0, 5, 10].map(weight), [1024, 335, 110]);
        assert_eq!((weight(-20), weight(19)), (88761, 15));
        for nice in -20..19 {
            let step = f64::from(weight(nice)) / f64::from(weight(nice + 1));
            assert!((1.17..1.31).contains(&step), "{nice}: {step}");
        }
    }

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

    #[test]
    fn an_autogroup_has_a_number() {
        assert_eq!(number_of("/autogroup-25 nice 0\n"), Some(25));
        assert_eq!(["", "/autogroup", "/autogroup-x nice 0"].map(number_of), [None; 3]);
        // This process has one, or the kernel does not support them.
        autogroup().unwrap();
    }
}
