//! A thread that panics ends alone. A thread that breaks the rules of memory, aborts, or fills
//! its stack takes its process along. Compare with `panic`, and with the demo `crash` of lesson 02.

use std::fs::File;
use std::hint::black_box;
use std::process::abort;
use std::sync::{Arc, Barrier};
use std::{ptr, thread};

use anyhow::{Context, Result};
use common::child::{describe, fork_child};
use common::panics;
use nix::sys::prctl::set_dumpable;
use nix::unistd::{dup2_stderr, getpid, gettid};

const CRASHES: [(&str, fn()); 4] = [
    ("panics", || panic!("7 is odd")),
    ("writes to a place where it has no memory", write_nowhere),
    ("aborts", || abort()),
    ("fills its stack", fill_stack),
];

pub fn run() -> Result<()> {
    panics::silence();
    for (what, crash) in CRASHES {
        println!("In a process of its own, a thread {what}:");
        let child = fork_child(move || crash_in_thread(crash))?;
        println!("  pid {} has ended: {}", child.pid(), describe(child.wait()?));
    }
    Ok(())
}

fn crash_in_thread(crash: fn()) -> Result<()> {
    // This crash is meant to happen: no core file.
    set_dumpable(false).context("prctl(PR_SET_DUMPABLE)")?;
    // Both threads exist when one of them crashes.
    let both = Arc::new(Barrier::new(2));
    let theirs = Arc::clone(&both);
    let thread = thread::Builder::new().name("crashing".to_owned()).spawn(move || {
        theirs.wait();
        println!("  tid {} of pid {}: now", gettid(), getpid());
        crash();
    });
    let thread = thread.context("start a thread")?;
    both.wait();
    let end = thread.join();
    let panic = end.err().context("the thread has not crashed")?;
    println!("  pid {}: it said '{}'; I go on", getpid(), panics::message(&*panic));
    Ok(())
}

/// The first page of memory belongs to no process.
fn write_nowhere() {
    let nowhere = ptr::without_provenance_mut::<u8>(8);
    // SAFETY: this is the mistake that is shown: the kernel ends the process for it.
    unsafe { nowhere.write_volatile(1) };
}

/// Calls itself without end, and each call takes a piece of the stack.
#[expect(unconditional_recursion, reason = "this is the mistake that is shown")]
fn recurse(depth: u64) -> u64 {
    1 + recurse(black_box(depth + 1))
}

fn fill_stack() {
    // Rust reports it, in words that differ between its versions.
    let nowhere = File::options().write(true).open("/dev/null").expect("it is always there");
    dup2_stderr(nowhere).expect("a file in place of another");
    recurse(0);
}

#[cfg(test)]
mod tests {
    use testing::printed;

    use super::*;

    #[test]
    fn what_the_thread_has_said_is_told() {
        let lines = printed::lines("0", || {
            panics::silence();
            crash_in_thread(|| panic!("5 is small")).unwrap();
        });
        assert!(lines[1].ends_with(": it said '5 is small'; I go on"), "{lines:#?}");
    }
}
