//! The CPUs that a process may use, and the kernel's way to write a list of them.

use nix::errno::Errno;
use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;

use crate::Unsupported;

/// The CPUs that this process may use, in ascending order.
///
/// # Errors
/// [`Unsupported`] if the system does not say.
pub fn allowed() -> Result<Vec<usize>, Unsupported> {
    let itself = Pid::from_raw(0);
    let set = sched_getaffinity(itself).map_err(|why| refused("sched_getaffinity", why))?;
    Ok((0..CpuSet::count()).filter(|&cpu| set.is_set(cpu) == Ok(true)).collect())
}

/// Lets the process `pid` run on `cpus` only.
///
/// # Errors
/// [`Unsupported`] if the system refuses.
pub fn pin(pid: Pid, cpus: &[usize]) -> Result<(), Unsupported> {
    let mut set = CpuSet::new();
    for &cpu in cpus {
        set.set(cpu).map_err(|why| refused("CpuSet::set", why))?;
    }
    sched_setaffinity(pid, &set).map_err(|why| refused("sched_setaffinity", why))
}

fn refused(call: &str, why: Errno) -> Unsupported {
    Unsupported(format!("this system does not let a process choose its CPUs ({call}: {why})"))
}

/// The list as the kernel writes it, for CPUs in ascending order: `0-3,5`.
pub fn list(cpus: &[usize]) -> String {
    let runs = cpus.chunk_by(|a, b| a + 1 == *b);
    let written = runs.map(|run| match run {
        [only] => only.to_string(),
        run => format!("{}-{}", run[0], run[run.len() - 1]),
    });
    written.collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_written_as_the_kernel_does() {
        assert_eq!(list(&[]), "");
        assert_eq!(list(&[0]), "0");
        assert_eq!(list(&[0, 1]), "0-1");
        assert_eq!(list(&[0, 1, 2, 3, 5]), "0-3,5");
        assert_eq!(list(&[1, 3, 4, 10]), "1,3-4,10");
    }

    #[test]
    fn the_kernel_writes_the_same_list() {
        let status = std::fs::read_to_string("/proc/thread-self/status").unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"));
        assert_eq!(list(&allowed().unwrap()), line.unwrap().trim());
    }
}
