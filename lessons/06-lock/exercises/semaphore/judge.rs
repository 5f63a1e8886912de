//! Are as many threads inside as there are permits, and no more, and is no permit lost, in any order?

use crate::practice::{Exercise, Judge};

pub const EXERCISE: Exercise = Exercise {
    lesson: "06-lock",
    name: "semaphore",
    judge: Judge::Orders,
    verdicts: &[
        ("start", "by looking again and again"),
        ("right/channel", ""),
        ("right/owed", ""),
        ("right/queue", ""),
        ("right/wait_while", ""),
        ("cheats/atomic", "two threads go in, with 1 permit; what goes wrong: lost wake-up"),
        ("cheats/looks_once", "a thread takes a permit, and there is none"),
        ("cheats/no_room", "releases 20, and takes 20; what goes wrong: deadlock"),
        ("cheats/one_at_a_time", "lost wake-up: main waits for a notification"),
        ("cheats/sleeps", "by looking again and again"),
        ("cheats/waits_a_while", "by looking again and again"),
        ("cheats/wakes_at_zero", "another releases two; what goes wrong: lost wake-up"),
    ],
};
