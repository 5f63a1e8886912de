//! Is the end of every thread reported, with a result or with a message?

use crate::practice::{Exercise, Judge};

pub const EXERCISE: Exercise = Exercise {
    lesson: "05-threading",
    name: "every_result",
    judge: Judge::Orders,
    verdicts: &[
        ("start", "`run_all` panics (a thread has panicked: the disk is full)"),
        ("right/by_channel", ""),
        ("right/last_first", ""),
        ("right/map_err", ""),
        ("right/scoped", ""),
        ("cheats/always_odd", "and not a panic with 'the disk is full'"),
        ("cheats/as_they_end", "the result of task 1 is 4, and not 3"),
        ("cheats/behind_a_lock", "waits for the lock results"),
        ("cheats/message_of_the_box", "is a panic with 'a panic without a text'"),
        ("cheats/main_does_first", "the thread that calls `run_all` does a task itself"),
        ("cheats/no_threads", "the thread that calls `run_all` does a task itself"),
        ("cheats/one_at_a_time", "deadlock: main waits for the end of"),
        ("cheats/only_results", "2 tasks, but only one result: 1"),
        ("cheats/sleeps", "is a panic with 'it has panicked', and not 3"),
        ("cheats/two_workers", "tasks share a thread"),
        ("cheats/up_to_the_first", "2 tasks, but only one result: a panic with"),
    ],
};
