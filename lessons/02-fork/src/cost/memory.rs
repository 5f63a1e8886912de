//! Memory that is in use: every page of it has been written to.

use anyhow::{Result, ensure};
use common::{Unsupported, proc};

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

/// Fails if a demo cannot have this much memory.
///
/// # Errors
/// [`Unsupported`] if it is more than there is [`room`] for, and as that.
pub fn ensure_room(mib: usize) -> Result<()> {
    let has_room = mib <= room()?;
    let why = format!("{mib} MiB is more than half of the memory that is free here");
    ensure!(has_room, Unsupported(why));
    Ok(())
}

/// How much memory a demo may take, in MiB: half of what is free, because other programs want
/// some, too.
///
/// # Errors
/// If /proc/meminfo does not say what is free.
pub fn room() -> Result<usize> {
    Ok((available()? >> 21) as usize)
}

/// How many bytes of memory this machine could still give, by the kernel's estimate
/// and the limit of this process's container, whichever is less.
fn available() -> Result<u64> {
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
