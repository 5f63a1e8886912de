//! Two ways to have less than all CPUs: to be bound to some of them (an affinity), and to get no
//! more than a share of their time (a quota, as a container does). Compare with `cores`.

mod group;

use std::num::NonZero;
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use common::child::fork_child;
use common::{cpus, text};
use group::Group;
use nix::time::{ClockId, clock_gettime};
use nix::unistd::getpid;

/// A quota is a part of this time, again and again.
const PERIOD: Duration = Duration::from_millis(20);

pub fn run() -> Result<()> {
    println!("                                 sched_getaffinity  available_parallelism");
    let (cpus, threads) = allowed()?;
    println!("as it was started                ≈ {cpus:<15}  ≈ {threads}");
    bound_to_one_cpu()?;
    let group = Group::make()?;
    with_the_time_of_one_cpu(&group)?;
    compute_with_a_tenth(&group)?;
    group.remove()
}

/// On how many CPUs this process may run, as the kernel says, and how many threads std advises.
fn allowed() -> Result<(usize, NonZero<usize>)> {
    let threads = available_parallelism().context("available_parallelism")?;
    Ok((cpus::allowed()?.len(), threads))
}

/// An affinity: the process may run on these CPUs, and nowhere else.
fn bound_to_one_cpu() -> Result<()> {
    let bound = || {
        cpus::pin(getpid(), &cpus::allowed()?[..1])?;
        let (cpus, threads) = allowed()?;
        println!("bound to one CPU                   {cpus:<15}    {threads}");
        Ok(())
    };
    fork_child(bound)?.join()
}

/// A quota: the process may run on all CPUs, and gets as much time as one of them has.
fn with_the_time_of_one_cpu(group: &Group) -> Result<()> {
    group.limit(PERIOD, PERIOD)?;
    let limited = || {
        group.enter()?;
        let (cpus, threads) = allowed()?;
        println!("in a cgroup, for one CPU's time  ≈ {cpus:<15}    {threads}");
        Ok(())
    };
    fork_child(limited)?.join()
}

/// A tenth of a CPU: the kernel stops the process when it has used its part, until the period is
/// over.
fn compute_with_a_tenth(group: &Group) -> Result<()> {
    group.limit(PERIOD / 10, PERIOD)?;
    println!("\nComputing for {} of CPU time, with a tenth of a CPU:", text::time(PERIOD));
    let before = group.throttled()?;
    let limited = || {
        group.enter()?;
        compute()
    };
    fork_child(limited)?.join()?;
    let after = group.throttled()?;
    let (times, time) = (after.0 - before.0, text::time(after.1 - before.1));
    println!("  the kernel stopped it ≈ {times} times, for {time} in all");
    Ok(())
}

fn compute() -> Result<()> {
    let start = Instant::now();
    let until = cpu_time()? + PERIOD;
    while cpu_time()? < until {}
    println!("  it takes {}", text::time(start.elapsed()));
    Ok(())
}

/// How much CPU time this process has used.
fn cpu_time() -> Result<Duration> {
    Ok(clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID).context("clock_gettime")?.into())
}
