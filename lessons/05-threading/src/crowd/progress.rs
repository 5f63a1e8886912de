//! Says on a terminal how far it is, after a second.

use std::io::{IsTerminal, stderr};
use std::time::{Duration, Instant};

pub struct Progress {
    next: Option<Instant>,
    told: bool,
}

impl Progress {
    pub fn new(start: Instant) -> Progress {
        let next = stderr().is_terminal().then_some(start + Duration::from_secs(1));
        Progress { next, told: false }
    }

    pub fn tell(&mut self, done: usize, all: usize) {
        let now = Instant::now();
        if self.next.is_some_and(|next| next <= now) {
            eprint!("\r{done} of {all} ...");
            self.next = Some(now + Duration::from_millis(200));
            self.told = true;
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.told {
            eprint!("\r{:40}\r", "");
        }
    }
}
