//! Two accounts, and transfers between them that can be undone at every step.

use std::fmt;

use shared_mutex::{PlainData, Word};

/// The sum of both accounts, always.
pub const SUM: i64 = 200;

/// The last step of a transfer; the first is 0.
pub const LAST_STEP: u32 = 5;

/// The accounts, in memory that processes share.
#[derive(Debug)]
#[repr(C)]
pub struct Accounts {
    first: Word,
    second: Word,
    /// Whether a transfer is under way, 0 or 1, and both accounts before it.
    under_way: Word,
    before: [Word; 2],
}

// SAFETY: it consists of words.
unsafe impl PlainData for Accounts {}

impl Accounts {
    pub fn new() -> Self {
        Self {
            first: Word::new(SUM / 2),
            second: Word::new(SUM / 2),
            under_way: Word::new(0),
            before: [Word::new(0), Word::new(0)],
        }
    }

    /// Moves money from the first to the second, and calls `done` after each step.
    pub fn transfer(&self, amount: i64, done: impl Fn(u32)) {
        done(0);
        self.before[0].set(self.first.get());
        self.before[1].set(self.second.get());
        done(1);
        self.under_way.set(1);
        done(2);
        self.first.set(self.first.get() - amount);
        done(3);
        self.second.set(self.second.get() + amount);
        done(4);
        self.under_way.set(0);
        done(LAST_STEP);
    }

    /// Undoes a transfer that was under way; returns whether one was. If this process is
    /// killed in turn, the next owner repairs again.
    pub fn repair(&self) -> bool {
        let half_done = self.under_way.get() == 1;
        if half_done {
            self.first.set(self.before[0].get());
            self.second.set(self.before[1].get());
            self.under_way.set(0);
        }
        half_done
    }

    /// The sum of both.
    pub fn sum(&self) -> i64 {
        self.first.get() + self.second.get()
    }
}

/// As an addition: `100 + 100 = 200`.
impl fmt::Display for Accounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} + {} = {}", self.first.get(), self.second.get(), self.sum())
    }
}
