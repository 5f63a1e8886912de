//! The CPUs that this process may use.

use anyhow::Result;
use common::NotHere;
use nix::errno::Errno;
use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;

/// The CPUs that this process may use, in ascending order.
///
/// # Errors
/// [`NotHere`] if the system does not say.
pub fn allowed() -> Result<Vec<usize>> {
    let set = sched_getaffinity(Pid::from_raw(0)).map_err(refused)?;
    Ok((0..CpuSet::count()).filter(|&cpu| set.is_set(cpu) == Ok(true)).collect())
}

/// Lets this process, and the children that it forks from now on, run on `cpus` only.
///
/// # Errors
/// [`NotHere`] if the system refuses.
pub fn use_only(cpus: &[usize]) -> Result<()> {
    let mut set = CpuSet::new();
    cpus.iter().try_for_each(|&cpu| set.set(cpu)).map_err(refused)?;
    Ok(sched_setaffinity(Pid::from_raw(0), &set).map_err(refused)?)
}

fn refused(why: Errno) -> NotHere {
    NotHere(format!("this system does not let a process choose its CPUs: {why}"))
}
