//! Waiting for what is to be seen from outside while a demo runs.

use std::fmt::Display;
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
