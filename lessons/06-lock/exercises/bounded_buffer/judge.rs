//! Does the buffer keep the order and its limit, and does no thread sleep that could go on, in any order?

use crate::practice::{Exercise, Judge};

pub const EXERCISE: Exercise = Exercise {
    lesson: "06-lock",
    name: "bounded_buffer",
    judge: Judge::Orders,
    verdicts: &[
        ("start", "two threads take an item each, with room for 1; what goes wrong: lost wake-up"),
        ("right/all_in_put", ""),
        ("right/channel", ""),
        ("right/wait_while", ""),
        ("right/wakes_all", ""),
        ("cheats/exits", "before that, the program ends its process, with status 0, in line 26"),
        (
            "cheats/first_only",
            "two threads take an item each, with room for 2; what goes wrong: lost wake-up",
        ),
        ("cheats/looks_once", "in line 40: called `Option::unwrap()` on a `None` value"),
        ("cheats/newest", "the item 0 comes out, and not 1"),
        ("cheats/no_limit", "3 items are in a buffer with room for 2"),
        ("cheats/panics", "what goes wrong: a thread panics, in line 26: no room"),
        ("cheats/pushes_later", "2 items are in a buffer with room for 1"),
        ("cheats/room_for_one", "one thread, with room for 3 items; what goes wrong: lost wake-up"),
        ("cheats/room_for_two", "one thread, with room for 3 items; what goes wrong: lost wake-up"),
        ("cheats/spins", "by looking again and again"),
        ("cheats/takes_all", "3 items are in a buffer with room for 2"),
        (
            "cheats/zero_is_no_item",
            "one thread, with room for 3 items; what goes wrong: lost wake-up",
        ),
    ],
};
