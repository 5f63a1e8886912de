//! Does every philosopher eat, without a neighbour, and not alone, in any order?

use crate::practice::{Exercise, Judge};

pub const EXERCISE: Exercise = Exercise {
    lesson: "06-lock",
    name: "philosophers",
    judge: Judge::Orders,
    verdicts: &[
        ("start", "two of 2 philosophers eat; what goes wrong: deadlock"),
        ("right/both_or_none", ""),
        ("right/even_left", ""),
        ("right/high_first", ""),
        ("right/one_left_handed", ""),
        ("right/one_stands", ""),
        ("cheats/few_locks", "during the meal of the one before; what goes wrong: deadlock"),
        ("cheats/gate", "and 1 wants to eat, too; what goes wrong: deadlock"),
        ("cheats/left_only", "two neighbours eat at the same time"),
        ("cheats/one_lock", "0 and 2 of 4 meet as they eat; what goes wrong: deadlock"),
        ("cheats/one_seat", "0 and 2 of 4 meet as they eat; what goes wrong: lost wake-up"),
        ("cheats/puts_down", "two neighbours eat at the same time"),
        ("cheats/sleeps", "two of 2 philosophers eat; what goes wrong: deadlock"),
        ("cheats/tries", "by looking again and again"),
        ("cheats/two_seats", "two of 2 philosophers eat; what goes wrong: deadlock"),
        ("cheats/wakes_none", "two of 2 philosophers eat; what goes wrong: lost wake-up"),
    ],
};
