//! Two processes share memory: memfd_create and mmap, and a futex to sleep on (`by_hand`).
//! A counter in that memory goes wrong, then right. Compare with `ring`.

mod by_hand;

use std::hint::black_box;
use std::num::NonZeroUsize;
use std::ptr::NonNull;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::sync::atomic::{AtomicU32, AtomicU64};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use common::child::{Child, fork_child};
use common::proc;
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::sys::mman::{MapFlags, ProtFlags, mmap};
use nix::unistd::{ftruncate, getpid};

use by_hand::{wait_while_0, wake_all};

/// What is in the memory.
#[repr(C)]
struct Shared {
    /// 0: wait; 1: add; 2: stop.
    state: AtomicU32,
    by_load_and_store: Counter,
    by_fetch_add: Counter,
}

#[repr(C)]
struct Counter {
    /// Both children add 1 to it.
    value: AtomicU64,
    /// How often each child has done so; each writes only its own word.
    added: [AtomicU64; 2],
}

const SIZE: NonZeroUsize = NonZeroUsize::new(4096).unwrap();

pub fn run() -> Result<()> {
    let file = memfd_create(c"counter", MFdFlags::MFD_CLOEXEC).context("memfd_create")?;
    ftruncate(&file, SIZE.get() as i64).context("ftruncate")?;
    let access = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
    // SAFETY: the kernel chooses the place, so nothing else is there.
    let memory = unsafe { mmap(None, SIZE, access, MapFlags::MAP_SHARED, &file, 0) };
    let memory: NonNull<Shared> = memory.context("mmap")?.cast();
    // SAFETY: it stays mapped until this process ends, the file is long enough and full
    // of zeros, which is a value of each atomic.
    let shared: &'static Shared = unsafe { memory.as_ref() };
    println!("parent (pid {}): {SIZE} bytes of memory at {shared:p}", getpid());

    println!("Two children add 1 to a counter in it, by load, add, store:");
    let wrong = &shared.by_load_and_store;
    let added = run_children(shared, wrong, add_by_load_and_store, |added| {
        // First `added`, then the value: it can only be too small if something is lost.
        added > wrong.value.load(SeqCst)
    })?;
    let value = wrong.value.load(SeqCst);
    ensure!(value < added, "added {added} times; the counter is at {value}");
    println!("  added ≈ {added} times; the counter is at ≈ {value}: wrong");

    println!("They add 1 to another counter, at least as often, by fetch_add:");
    let right = &shared.by_fetch_add;
    let added = run_children(shared, right, add_by_fetch_add, |now| now >= added)?;
    let value = right.value.load(SeqCst);
    ensure!(value == added, "added {added} times; the counter is at {value}");
    println!("  added ≈ {added} times; the counter is at ≈ {value}: right");
    Ok(())
}

/// Wrong: three steps. The black box keeps them apart in an optimised build, too.
fn add_by_load_and_store(value: &AtomicU64) {
    let old = black_box(value.load(Relaxed));
    value.store(old + 1, Relaxed);
}

/// Right: one step.
fn add_by_fetch_add(value: &AtomicU64) {
    value.fetch_add(1, Relaxed);
}

/// Two children start together and add until this process has seen enough. Returns how
/// often they have added.
fn run_children(
    shared: &Shared,
    counter: &Counter,
    add: fn(&AtomicU64),
    enough: impl Fn(u64) -> bool,
) -> Result<u64> {
    shared.state.store(0, SeqCst);
    let mut children = Vec::new();
    for mine in &counter.added {
        children.push(fork_child(|| {
            wait_while_0(&shared.state);
            while shared.state.load(SeqCst) == 1 {
                (0..1000).for_each(|_| add(&counter.value));
                mine.fetch_add(1000, SeqCst);
            }
            Ok(())
        })?);
    }
    for child in &children {
        let pid = child.pid();
        ensure!(
            proc::poll_until_asleep(pid)?,
            "pid {pid} has ended, and was to wait for the start"
        );
    }
    shared.state.store(1, SeqCst);
    wake_all(&shared.state)?;

    let added = || counter.added.iter().map(|added| added.load(SeqCst)).sum();
    let limit = Instant::now() + Duration::from_secs(20);
    let both = || counter.added.iter().all(|added| added.load(SeqCst) > 0);
    while !(both() && enough(added())) {
        ensure!(Instant::now() < limit, "gave up: after 20 s the counter is still right");
        sleep(Duration::from_millis(1));
    }
    shared.state.store(2, SeqCst);
    children.into_iter().try_for_each(Child::join)?;
    Ok(added())
}
