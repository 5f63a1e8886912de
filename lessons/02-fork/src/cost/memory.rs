//! Memory that is in use: every page of it has been written to.

use anyhow::Result;
use common::proc;

/// Takes this many bytes, and writes to each of them.
///
/// # Errors
/// If the system has no room for them.
pub fn in_use(length: usize) -> Result<Vec<u8>> {
    let mut memory = Vec::new();
    memory.try_reserve_exact(length)?;
    // In pieces: without optimisation, `resize` writes byte by byte.
    let piece = vec![1; length.min(1 << 20)];
    while memory.len() < length {
        memory.extend_from_slice(&piece[..piece.len().min(length - memory.len())]);
    }
    Ok(memory)
}

/// How many bytes of memory this machine could still give, by the kernel's estimate
/// and the limit of this process's container, whichever is less.
///
/// # Errors
/// If /proc/meminfo does not say.
pub fn available() -> Result<u64> {
    let machine = proc::kib("/proc/meminfo", "MemAvailable")? << 10;
    // Outside a container the file is missing or holds no number.
    let files = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"];
    let limits = files.iter().filter_map(|file| std::fs::read_to_string(file).ok());
    let limit = limits.filter_map(|limit| limit.trim().parse().ok()).min();
    Ok(machine.min(limit.unwrap_or(u64::MAX)))
}

/// How many pages the tables take that say where this process's pages are: proc(5),
/// `VmPTE`.
///
/// # Errors
/// If /proc/self/status does not say.
pub fn page_table_pages() -> Result<u64> {
    Ok((proc::kib("/proc/self/status", "VmPTE")? << 10) / proc::page_size() as u64)
}

#[cfg(test)]
mod tests {
    use nix::sys::prctl::set_thp_disable;

    use super::*;

    #[test]
    fn each_page_in_use_has_an_entry_in_the_page_tables() {
        set_thp_disable(true).unwrap();
        let before = page_table_pages().unwrap();
        let memory = in_use(64 << 20).unwrap();
        // An entry has 8 bytes.
        let page = proc::page_size();
        let (entries, each) = ((memory.len() / page) as u64, page as u64 / 8);
        let now = page_table_pages().unwrap();
        assert!(now - before >= entries / each, "{before}, then {now}");
    }
}
