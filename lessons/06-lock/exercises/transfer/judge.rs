//! Does no transfer wait for ever, or for one of other accounts, and is no money lost, in any order?

use crate::practice::{Exercise, Judge};

pub const EXERCISE: Exercise = Exercise {
    lesson: "06-lock",
    name: "transfer",
    judge: Judge::Orders,
    verdicts: &[
        ("start", "from 0 to 1 and from 1 to 0; what goes wrong: deadlock"),
        ("right/busy", ""),
        ("right/high_first", ""),
        ("cheats/asks_first", "60 was moved twice, but only 100 was there"),
        ("cheats/backs_off", "there is no end after 400 steps"),
        ("cheats/balances_tries", "at the balances; what goes wrong: a thread waits by looking"),
        ("cheats/even_first", "from 0 to 2 and from 2 to 0; what goes wrong: deadlock"),
        ("cheats/few_locks", "between two other accounts; what goes wrong: deadlock"),
        ("cheats/gate", "and one of them can go on; what goes wrong: deadlock"),
        ("cheats/rest_of_three", "from 0 to 3 and from 3 to 0; what goes wrong: deadlock"),
        ("cheats/no_itself", "from an account to itself; what goes wrong: deadlock"),
        ("cheats/one_after_the_other", "main sees the balances [40, 100]"),
        ("cheats/one_lock", "and meet as they do; what goes wrong: deadlock"),
        ("cheats/spins", "by looking again and again"),
        ("cheats/wakes_one", "and one of them can go on; what goes wrong: lost wake-up"),
    ],
};
