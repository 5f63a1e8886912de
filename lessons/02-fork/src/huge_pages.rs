//! The same memory in small pages and in huge ones. A fork copies an entry for each page, so
//! it is the number of pages that makes it slow. Compare with `cost`.

use std::fs::read_to_string;
use std::num::NonZeroUsize;
use std::slice;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use common::{Unsupported, proc, text};
use nix::errno::Errno;
use nix::sys::mman::{MapFlags, MmapAdvise, ProtFlags, madvise, mmap_anonymous, munmap};
use nix::sys::resource::{UsageWho, getrusage};

use crate::cost::memory::ensure_room;
use crate::cost::starts::FORK;

/// What the kernel counted while memory was in use, and how long a fork took.
struct Measured {
    /// By the kernel's own list of this process's memory.
    huge_mib: u64,
    page_faults: i64,
    fork: Duration,
}

pub fn run(mib: usize) -> Result<()> {
    ensure_room(mib)?;
    let length = NonZeroUsize::new(mib << 20).context("no memory")?;
    println!("{mib} MiB of memory, each page of it written to, and then a fork:");
    println!("             in huge pages  page faults      fork");
    print_row("small pages", &measure(length, MmapAdvise::MADV_NOHUGEPAGE)?);
    let huge = measure(length, MmapAdvise::MADV_HUGEPAGE)?;
    ensure!(huge.huge_mib > 0, no_huge_pages());
    print_row("huge pages", &huge);
    Ok(())
}

/// Takes memory, in pages as `advice` asks the kernel, writes to each page, and gives it back.
fn measure(length: NonZeroUsize, advice: MmapAdvise) -> Result<Measured> {
    let access = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
    // SAFETY: the kernel chooses the place, so nothing else is there.
    let memory = unsafe { mmap_anonymous(None, length, access, MapFlags::MAP_PRIVATE) };
    let memory = memory.context("mmap")?;
    // SAFETY: the advice is about this memory only, and leaves what is in it as it is.
    match unsafe { madvise(memory, length.get(), advice) } {
        Err(Errno::EINVAL) => return Err(no_huge_pages().into()),
        result => result.context("madvise")?,
    }
    // SAFETY: it is mapped, full of zeros, and nothing else refers to it.
    let bytes = unsafe { slice::from_raw_parts_mut(memory.cast().as_ptr(), length.get()) };

    let before = page_faults()?;
    bytes.iter_mut().step_by(proc::page_size()).for_each(|byte: &mut u8| *byte = 1);
    let measured = Measured {
        page_faults: page_faults()? - before,
        huge_mib: proc::kib("/proc/self/smaps_rollup", "AnonHugePages")? >> 10,
        fork: FORK.median()?,
    };
    // SAFETY: `bytes` is not used any more.
    unsafe { munmap(memory, length.get()) }.context("munmap")?;
    Ok(measured)
}

fn print_row(name: &str, measured: &Measured) {
    let huge = format!("≈ {} MiB", measured.huge_mib);
    let faults = format!("≈ {}", measured.page_faults);
    println!("{name:11}  {huge:>13}  {faults:>11}  {:>8}", text::time(measured.fork));
}

fn no_huge_pages() -> Unsupported {
    const FILE: &str = "/sys/kernel/mm/transparent_hugepage/enabled";
    let setting = read_to_string(FILE).unwrap_or_else(|why| why.to_string());
    Unsupported(format!("the kernel gave no huge pages; {FILE}: {}", setting.trim()))
}

/// How many page faults this process has had that needed no disk.
fn page_faults() -> Result<i64> {
    Ok(getrusage(UsageWho::RUSAGE_SELF).context("getrusage")?.minor_page_faults())
}
