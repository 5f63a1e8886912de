//! What is to be seen of a process from outside while it runs, and waiting for it.

use std::fmt::Display;
use std::fs;
use std::time::{Duration, Instant};

/// Looks until there is something to see, for at most `time`.
pub fn within<T>(time: Duration, mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let deadline = Instant::now() + time;
    loop {
        let seen = look();
        if seen.is_some() || Instant::now() >= deadline {
            return seen;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Waits for something that is sure to happen.
///
/// # Panics
/// If it does not happen in two minutes.
pub fn until(what: &str, mut done: impl FnMut() -> bool) {
    let happened = within(Duration::from_secs(120), || done().then_some(()));
    happened.unwrap_or_else(|| panic!("in two minutes it did not happen: {what}"));
}

/// Whether this process has ended.
pub fn has_ended(pid: impl Display) -> bool {
    // Nobody may be there to reap an orphan: then it stays as a zombie.
    common::proc::field(format!("/proc/{pid}/status"), "State")
        .map_or(true, |state| state.starts_with('Z'))
}

/// The system call in which a thread waits now, and its arguments; `None` if it is in none,
/// or if this process may not look.
pub fn waits_in(tid: impl Display) -> Option<(i64, Vec<u64>)> {
    let text = fs::read_to_string(format!("/proc/{tid}/syscall")).ok()?;
    let (number, arguments) = text.split_once(' ')?;
    let hexadecimal = |word: &str| u64::from_str_radix(word.trim_start_matches("0x"), 16).ok();
    let arguments = arguments.split_whitespace().map_while(hexadecimal).collect();
    Some((number.parse().ok()?, arguments))
}
