//! Do the threads count at the same time, each for itself, and borrow the items?

use crate::practice::{Exercise, Judge};

pub const EXERCISE: Exercise = Exercise {
    lesson: "05-threading",
    name: "count_apart",
    judge: Judge::Orders,
    verdicts: &[
        ("start", "waits for the lock total"),
        ("right/a_counter_each", ""),
        ("right/added_at_the_end", ""),
        ("right/an_atomic_each", ""),
        ("right/in_turns", ""),
        ("right/through_a_channel", ""),
        ("cheats/a_thread_for_each", "4 threads look at items"),
        ("cheats/adds_pairs", "can each count for itself?"),
        ("cheats/clones", "items are cloned"),
        ("cheats/drops_the_rest", "the count is 3, and not 4"),
        ("cheats/lazy", "waits for the other threads at judges_barrier"),
        ("cheats/lock_for_each", "can each count for itself?"),
        ("cheats/one_after_another", "waits for the lock turn"),
        ("cheats/one_atomic", "can each count for itself?"),
        ("cheats/one_thread", "one thread looks at 4 of the 4 items, and there are 2 parts"),
        ("cheats/racy", "the count is 1, and not 3"),
        ("cheats/rest_to_last", "one thread looks at 3 of the 5 items, and there are 3 parts"),
    ],
};
