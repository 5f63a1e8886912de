//! Every process starts with one thread. `thread::current` returns the thread that calls it. Rust
//! keeps one name for it, and the kernel another, of at most 15 bytes.

use std::sync::{Arc, Barrier};
use std::time::Duration;
use std::{fs, thread};

use anyhow::{Context, Result};
use common::paced;
use nix::unistd::{getpid, gettid};

const NAMES: [Option<&str>; 4] =
    [Some("typing"), Some("spelling"), Some("printing in the background"), None];

pub fn run() -> Result<()> {
    println!("threads that this process began with: {}", count()?);
    print_self()?;

    let barrier = Arc::new(Barrier::new(1 + NAMES.len()));
    let threads = NAMES.map(|name| {
        let barrier = Arc::clone(&barrier);
        let mut builder = thread::Builder::new();
        if let Some(name) = name {
            builder = builder.name(name.to_owned());
        }
        builder.spawn(move || {
            let printed = print_self();
            // All of them have printed; then the main thread has counted them.
            barrier.wait();
            barrier.wait();
            printed
        })
    });
    let threads = threads.into_iter().collect::<Result<Vec<_>, _>>().context("start a thread")?;
    barrier.wait();
    println!("threads that it has now: {}", count()?);
    thread::sleep(paced(Duration::from_secs(1)));
    barrier.wait();
    threads.into_iter().try_for_each(|it| it.join().ok().context("join: the thread panicked")?)
}

/// Prints the thread that calls it: nothing is passed to it.
fn print_self() -> Result<()> {
    let (tid, pid) = (gettid(), getpid());
    let kernel = fs::read_to_string(format!("/proc/self/task/{tid}/comm")).context("comm")?;
    let (rust, kernel) = (thread::current(), kernel.trim_end());
    println!("  tid {tid} of pid {pid}: in Rust {:?}, in the kernel {kernel:?}", rust.name());
    Ok(())
}

/// How many threads the kernel lists.
fn count() -> Result<usize> {
    Ok(fs::read_dir("/proc/self/task").context("/proc/self/task")?.count())
}

#[cfg(test)]
mod tests {
    use nix::sys::prctl;
    use testing::printed;

    use super::*;

    #[test]
    fn a_thread_tells_both_of_its_names() {
        let lines = printed::lines("0", || {
            let thread = thread::Builder::new().name("for Rust".to_owned()).spawn(|| {
                prctl::set_name(c"for the kernel").unwrap();
                print_self()
            });
            thread.unwrap().join().unwrap().unwrap();
        });
        let [line] = &lines[..] else { panic!("{lines:#?}") };
        let names = ": in Rust Some(\"for Rust\"), in the kernel \"for the kernel\"";
        assert!(line.ends_with(names), "{line}");
    }
}
