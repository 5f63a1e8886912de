//! How nice a task is to the others, and what the kernel does with that: nice(2), and
//! "The autogroup feature" in sched(7).

use std::fs;

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
/// If that is not allowed: only the system's administrator may make a process less
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
    fn an_autogroup_has_a_number() {
        assert_eq!(number_of("/autogroup-25 nice 0\n"), Some(25));
        assert_eq!(["", "/autogroup", "/autogroup-x nice 0"].map(number_of), [None; 3]);
        // This process has one, or the kernel does not support them.
        autogroup().unwrap();
    }
}
