//! Does the end of the sources reach the end of the pipeline, and is nothing lost on the way?

use crate::practice::{Exercise, Judge};

pub const EXERCISE: Exercise = Exercise {
    lesson: "05-threading",
    name: "to_the_end",
    judge: Judge::Orders,
    verdicts: &[
        ("start", "waits for an item of numbers_tx"),
        ("right/ends_are_counted", ""),
        ("right/joins_in_drop", ""),
        ("right/no_room", ""),
        ("right/room_for_two", ""),
        ("right/scope_in_a_thread", ""),
        ("right/worker_starts_sources", ""),
        ("cheats/counts_in_drop", "thread 3 waits for an item of numbers_tx"),
        ("cheats/first_end", "the results are"),
        ("cheats/gives_up", "the results are"),
        ("cheats/joins_first", "waits for room in numbers_tx"),
        ("cheats/main_reads", "the thread that calls `process` reads a source itself"),
        ("cheats/main_works", "the thread that calls `process` does the work itself"),
        ("cheats/much_room", "is there room for so many"),
        ("cheats/one_by_one", "sources share a thread"),
        (
            "cheats/panics_twice",
            "which aborts the process); before that, a thread panics, in line 36",
        ),
        ("cheats/polls", "by looking again and again"),
        ("cheats/reads_first", "is there room for so many"),
        ("cheats/six_of_all", "the results are [1, 2, 3, 4, 5, 6], and not"),
        ("cheats/takes_six", "waits for an item of numbers_tx"),
        ("cheats/unbounded", "is there room for so many"),
        ("cheats/works_behind_a_lock", "a thread that reads a source does the work, too"),
        ("cheats/zero_is_the_end", "the results are"),
    ],
};
