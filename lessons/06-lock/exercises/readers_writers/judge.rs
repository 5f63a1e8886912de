//! Do readers read together, and writers write alone and soon, in any order?

use crate::practice::{Exercise, Judge};

pub const EXERCISE: Exercise = Exercise {
    lesson: "06-lock",
    name: "readers_writers",
    judge: Judge::Orders,
    verdicts: &[
        ("start", "a reader gets in before a writer that has waited longer"),
        ("right/turnstile", ""),
        ("right/two_condvars", ""),
        (
            "cheats/first_leaves",
            "a writer comes when one of two readers has left; what goes wrong: a thread writes while another reads",
        ),
        ("cheats/keeps_out", "one thread reads and writes, twice; what goes wrong: lost wake-up"),
        ("cheats/looks_once", "a thread reads while another writes"),
        ("cheats/one_at_a_time", "two readers meet inside; what goes wrong: lost wake-up"),
        (
            "cheats/one_flag",
            "one is inside as another reader comes; what goes wrong: a reader gets in before a writer",
        ),
        (
            "cheats/room_for_three",
            "five readers come one after another, and stay inside; what goes wrong: lost wake-up",
        ),
        ("cheats/sleeps", "a reader gets in before a writer that has waited longer"),
        ("cheats/spins", "by looking again and again"),
        ("cheats/wakes_one", "lost wake-up"),
        (
            "cheats/wakes_two",
            "three readers wait for a writer, and stay inside; what goes wrong: lost wake-up",
        ),
        ("cheats/shuts_only", "a thread writes while another reads"),
    ],
};
