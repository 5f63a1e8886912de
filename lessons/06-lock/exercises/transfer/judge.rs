//! Does no transfer wait for ever, or for one of other accounts, and is no money lost, in any order?

use crate::practice::{Exercise, Judge};

pub const EXERCISE: Exercise = Exercise {
    lesson: "06-lock",
    name: "transfer",
    judge: Judge::Orders,
    verdicts: &[
        ("start", "from 0 to 1 and from 1 to 0: deadlock"),
        ("right/busy", ""),
        ("right/high_first", ""),
        ("cheats/asks_first", "60 were moved twice, and only 100 were there"),
        ("cheats/backs_off", "takes more than 400 steps"),
        ("cheats/even_first", "from 0 to 2 and from 2 to 0: deadlock"),
        ("cheats/gate", "and one of them can go on: deadlock"),
        ("cheats/no_itself", "from an account to itself: deadlock"),
        ("cheats/one_after_the_other", "another thread sees the balances [40, 100]"),
        ("cheats/one_lock", "and meet as they do: deadlock"),
        ("cheats/spins", "by looking again and again"),
        ("cheats/wakes_one", "and one of them can go on: lost wake-up"),
    ],
};
