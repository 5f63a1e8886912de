//! Do all threads go on together, in each round and in any order?

use crate::practice::{Exercise, Judge};

pub const EXERCISE: Exercise = Exercise {
    lesson: "06-lock",
    name: "reusable_barrier",
    judge: Judge::Orders,
    verdicts: &[
        ("start", "two threads, twice; what goes wrong: lost wake-up"),
        ("right/flag", ""),
        ("right/of_std", ""),
        ("right/total", ""),
        ("right/two_doors", ""),
        ("cheats/counts_out", "two threads, twice; what goes wrong: lost wake-up"),
        ("cheats/looks_once", "goes on after round 1 before all have come"),
        ("cheats/looks_too_late", "two threads, twice; what goes wrong: lost wake-up"),
        ("cheats/only_once", "goes on after round 2 before all have come"),
        ("cheats/sleeps", "two threads, twice; what goes wrong: lost wake-up"),
        ("cheats/spins", "by looking again and again"),
        ("cheats/three_rounds", "goes on after round 4 before all have come"),
        (
            "cheats/wakes_two",
            "a fourth thread comes to three that wait; what goes wrong: lost wake-up",
        ),
        ("cheats/wakes_one", "three threads, once; what goes wrong: lost wake-up"),
    ],
};
