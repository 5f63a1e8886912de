//! Is no deposit lost, in any order?

use crate::practice::{Exercise, Judge};

pub const EXERCISE: Exercise = Exercise {
    lesson: "06-lock",
    name: "lost_update",
    judge: Judge::Orders,
    verdicts: &[
        ("start", "the balance is"),
        ("right/guard", ""),
        ("cheats/checks", "the balance is"),
        ("cheats/only_small", "the balance is 1410065418, and not 10000000010"),
        ("cheats/sleeps", "the balance is"),
        ("cheats/spins", "by looking again and again"),
        ("cheats/two_locks", "the balance is"),
    ],
};
