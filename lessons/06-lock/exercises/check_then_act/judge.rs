//! Is each value computed once, and do different keys not keep each other waiting, in any order?

use crate::practice::{Exercise, Judge};

pub const EXERCISE: Exercise = Exercise {
    lesson: "06-lock",
    name: "check_then_act",
    judge: Judge::Orders,
    verdicts: &[
        ("start", "2 values were computed, and not 1"),
        ("right/condvar", ""),
        ("right/once_lock", ""),
        ("right/read_first", ""),
        ("cheats/holds_both", "computations meet; what goes wrong: deadlock"),
        ("cheats/looks_too_early", "2 values were computed, and not 1"),
        ("cheats/few_locks", "different keys, and meet as they compute; what goes wrong: deadlock"),
        ("cheats/looks_twice", "2 values were computed, and not 1"),
        ("cheats/one_lock", "different keys, and meet as they compute; what goes wrong: deadlock"),
        ("cheats/scattered", "and so on for 24 keys; what goes wrong: deadlock"),
        ("cheats/spins", "by looking again and again"),
        ("cheats/wakes_one", "three threads ask for the same key; what goes wrong: lost wake-up"),
    ],
};
