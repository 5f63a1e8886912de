//! How much memory processes reserve, how much they use, and in how many parts: proc(5).

use std::fs;

use anyhow::{Context, Result};
use common::proc;
use nix::unistd::Pid;

/// All but the parts in KiB.
#[derive(Default)]
pub struct Memory {
    pub reserved: u64,
    /// A page that several processes use counts as a part for each.
    pub used: u64,
    pub tables: u64,
    /// Into how many parts the memory of one process is divided: that with the most.
    pub parts: usize,
}

impl Memory {
    /// Of these processes together.
    pub fn of(processes: impl Iterator<Item = Pid>) -> Result<Memory> {
        let mut memory = Memory::default();
        for pid in processes {
            let status = format!("/proc/{pid}/status");
            memory.reserved += proc::kib(&status, "VmSize")?;
            memory.tables += proc::kib(&status, "VmPTE")?;
            memory.used += proc::kib(format!("/proc/{pid}/smaps_rollup"), "Pss")?;
            memory.parts = memory.parts.max(parts(pid)?);
        }
        Ok(memory)
    }
}

/// The parts of a process's memory, such as a stack: one a line in its file `maps`.
pub fn parts(process: Pid) -> Result<usize> {
    let maps = fs::read_to_string(format!("/proc/{process}/maps"));
    Ok(maps.with_context(|| format!("/proc/{process}/maps"))?.lines().count())
}

pub fn mib(kib: u64) -> String {
    let mib = kib as f64 / 1024.0;
    if mib < 99.95 { format!("≈ {mib:.1} MiB") } else { format!("≈ {mib:.0} MiB") }
}
