//! Does the worker stop, wherever it is, and has it done what it has taken?

use crate::practice::{Exercise, Judge};

pub const EXERCISE: Exercise = Exercise {
    lesson: "05-threading",
    name: "stop_the_worker",
    judge: Judge::Orders,
    verdicts: &[
        ("start", "deadlock: main waits for the end of thread 2"),
        ("right/closed_behind_a_lock", ""),
        ("right/condition_variable", ""),
        ("right/message", ""),
        ("cheats/abandons", "it has done no job"),
        ("cheats/closes_before_the_rest", "it has done no job"),
        ("cheats/flag", "it has done no job"),
        ("cheats/holds_the_lock", "waits for the lock queue"),
        ("cheats/lost_wake_up", "lost wake-up"),
        ("cheats/not_joined", "it has done no job"),
        ("cheats/sleeps", "it has done no job"),
        ("cheats/spins", "by looking again and again"),
        ("cheats/stays_open", "a worker that has stopped takes a job"),
        ("cheats/stays_there", "the worker's thread has not ended"),
        ("cheats/timeout", "by looking again and again"),
        ("cheats/waits_for_each", "deadlock: main waits for an item of done"),
        ("cheats/works_behind_the_lock", "deadlock: main waits for the lock"),
    ],
};
