//! How much memory processes reserve, and how much they use: proc(5).

use anyhow::Result;
use common::proc;
use nix::unistd::Pid;

/// In KiB.
#[derive(Default)]
pub struct Memory {
    pub reserved: u64,
    /// A page that several processes use counts as a part for each.
    pub used: u64,
    pub tables: u64,
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
        }
        Ok(memory)
    }
}

pub fn mib(kib: u64) -> String {
    let mib = kib as f64 / 1024.0;
    if mib < 99.95 { format!("≈ {mib:.1} MiB") } else { format!("≈ {mib:.0} MiB") }
}
