//! Do two threads wait for each other, in any order?

use crate::practice::{Exercise, Judge};

pub const EXERCISE: Exercise = Exercise {
    lesson: "06-lock",
    name: "meet",
    judge: Judge::Orders,
    verdicts: &[
        ("start", "lost wake-up"),
        ("right/barrier", ""),
        ("right/channels", ""),
        ("right/once_locks", ""),
        ("right/two_locks", ""),
        ("cheats/gives_up", "a thread panics, in line 21: nobody is here"),
        ("cheats/looks_once", "goes on before thread 1 has come"),
        ("cheats/looks_too_early", "lost wake-up"),
        ("cheats/one_waits", "thread 0 goes on before thread 1 has come"),
        ("cheats/sleeps", "thread 0 goes on before thread 1 has come"),
        ("cheats/spins", "by looking again and again"),
        ("cheats/waits_blindly", "lost wake-up"),
    ],
};
