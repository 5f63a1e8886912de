//! After a fork each process has its own variable, though both call it by the same
//! address. The memory is not copied at once: only a page that one of them writes to.

use anyhow::{Context, Result};
use common::{child, proc};
use nix::sys::resource::{UsageWho, getrusage};
use nix::unistd::{ForkResult, fork, getpid};

pub fn run(mib: usize) -> Result<()> {
    let mut number = 1;
    let mut memory = vec![1_u8; mib << 20];
    println!("before the fork: number is {number}, at {:p}; {mib} MiB are in use", &number);

    child::ensure_one_thread()?;
    // SAFETY: this is the only thread, so no other can hold a lock that the child needs.
    match unsafe { fork() }.context("fork")? {
        ForkResult::Child => {
            number += 5;
            println!("child (pid {}): number is {number}, at {:p}", getpid(), &number);
            child::exit(use_memory(&mut memory))
        }
        ForkResult::Parent { child } => child::wait_for(child)?,
    }
    number += 8;
    println!("parent (pid {}): number is {number}, at {:p}", getpid(), &number);
    let unchanged = memory.iter().step_by(proc::page_size()).all(|&byte| byte == 1);
    println!("parent (pid {}): memory unchanged: {unchanged}", getpid());
    Ok(())
}

/// Reads and then writes every page, and counts how often the kernel had to step
/// in: a page fault is a use of memory that the kernel must first make possible.
fn use_memory(memory: &mut [u8]) -> Result<()> {
    let page = proc::page_size();
    let pages = memory.len() / page;
    let before = page_faults()?;
    let sum: usize = memory.iter().step_by(page).map(|&byte| usize::from(byte)).sum();
    let read = page_faults()?;
    memory.iter_mut().step_by(page).for_each(|byte| *byte += 1);
    let written = page_faults()?;

    let pid = getpid();
    println!("child (pid {pid}): read {pages} pages (sum {sum}), page faults: ≈ {}", read - before);
    println!("child (pid {pid}): wrote {pages} pages, page faults: ≈ {}", written - read);
    Ok(())
}

/// How many page faults this process has had that needed no disk.
fn page_faults() -> Result<i64> {
    Ok(getrusage(UsageWho::RUSAGE_SELF).context("getrusage")?.minor_page_faults())
}
