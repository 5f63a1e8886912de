//! Is no withdrawal lost, refused or paid wrongly, in any order, without a lock?

use crate::practice::{Exercise, Judge};

pub const EXERCISE: Exercise = Exercise {
    lesson: "06-lock",
    name: "compare_exchange",
    judge: Judge::Orders,
    verdicts: &[
        ("start", "60 and 70 were paid, but only 100 was there"),
        ("right/found", ""),
        ("right/fetch_update", ""),
        ("right/lets_others_go", ""),
        ("cheats/gives_up", "60 was refused, although enough was there"),
        ("cheats/looks_again", "60 and 50 were paid, but only 100 was there"),
        ("cheats/once_more", "60 was refused, although enough was there"),
        ("cheats/looks_once", "60 and 70 were paid, but only 100 was there"),
        ("cheats/puts_back", "60 was refused, although enough was there"),
        ("cheats/sentinel", "by looking again and again"),
        ("cheats/seven_tries", "eight times; what goes wrong: 60 was refused, although enough"),
        ("cheats/subtracts", "60 and 70 were paid, but only 100 was there"),
    ],
};
