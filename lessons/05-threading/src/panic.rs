//! Panics that end the whole process: in the main thread, in a destructor while another panic
//! unwinds the stack, and in a function that C code may call. Compare with `join`, where a panic
//! ends one thread.

use std::io::{self, Write};
use std::panic;
use std::process::Command;
use std::sync::{Arc, Barrier};
use std::thread;

use anyhow::{Context, Result};
use common::options::UsageError;
use common::panics;
use nix::sys::prctl::set_dumpable;
use nix::unistd::gettid;

/// The name of a panic, what happens, and the function that does it.
type Row = (&'static str, &'static str, fn() -> Result<()>);

const PANICS: [Row; 3] = [
    ("main", "the main thread panics", panic_in_main),
    ("twice", "a thread panics, and again while it drops a value", panic_twice),
    ("c", "a thread panics in a function that C code may call", panic_in_c),
];

/// This program starts itself for each panic, with `which`, and sees how it ends.
pub fn run(which: Option<String>) -> Result<()> {
    if let Some(which) = which {
        let row = PANICS.iter().find(|(name, ..)| *name == which);
        let names = PANICS.iter().map(|(name, ..)| *name);
        let unknown = || UsageError::unknown(&format!("panic '{which}'"), names);
        let (.., panic) = row.ok_or_else(unknown)?;
        print_panics();
        // These crashes are meant to happen: no core file.
        set_dumpable(false).context("prctl(PR_SET_DUMPABLE)")?;
        return panic();
    }
    for (name, what, _) in PANICS {
        println!("{what}:");
        let mut command = Command::new("/proc/self/exe");
        let end = command.args(["panic", "--which", name]).status();
        println!("  its process has ended: {}", end.context("start this program again")?);
    }
    Ok(())
}

fn panic_in_main() -> Result<()> {
    let meeting = Arc::new(Barrier::new(2));
    let theirs = Arc::clone(&meeting);
    let worker = thread::Builder::new().name("worker".to_owned()).spawn(move || {
        println!("  tid {} (worker): half of my work is done", gettid());
        theirs.wait();
        // No other thread comes to this one.
        theirs.wait();
        println!("  tid {} (worker): all of my work is done", gettid());
    });
    worker.context("start a thread")?;
    meeting.wait();
    panic!("7 is odd")
}

fn panic_twice() -> Result<()> {
    join(|| {
        let _guard = TidyUp;
        panic!("7 is odd");
    })
}

/// It is dropped when the panic unwinds the stack.
struct TidyUp;

impl Drop for TidyUp {
    fn drop(&mut self) {
        panic!("I cannot tidy up");
    }
}

fn panic_in_c() -> Result<()> {
    join(|| _ = half(7))
}

/// C code cannot be unwound, so a panic must not leave this function.
extern "C" fn half(number: u32) -> u32 {
    assert!(number.is_multiple_of(2), "{number} is odd");
    number / 2
}

fn join(work: fn()) -> Result<()> {
    let worker = thread::Builder::new().name("worker".to_owned()).spawn(work);
    let end = worker.context("start a thread")?.join();
    println!("  main: joined it: {end:?}");
    Ok(())
}

/// Prints a line for each panic, in place of Rust's message.
fn print_panics() {
    panics::silence();
    let silent = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        silent(panic);
        let name = thread::current().name().unwrap_or("a thread").to_owned();
        let message = panics::message(panic.payload());
        // If `println!` could not print, it would panic, and a panic in here aborts the process.
        let _ = writeln!(io::stdout(), "  tid {} ({name}): panic: {message}", gettid());
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_main_does_is_to_panic() {
        let panic = thread::spawn(panic_in_main).join().unwrap_err();
        assert_eq!(panics::message(&*panic), "7 is odd");
    }

    #[test]
    fn a_panic_of_another_name_is_refused() {
        let error = run(Some("second".to_owned())).unwrap_err();
        assert_eq!(error.to_string(), "no panic 'second'; available: main, twice, c");
    }
}
