//! The judges of this lesson's exercises. They are a part of xtask.

use crate::practice::Exercise;

#[path = "count_apart/judge.rs"]
mod count_apart;
#[path = "every_result/judge.rs"]
mod every_result;
#[path = "stop_the_worker/judge.rs"]
mod stop_the_worker;
#[path = "to_the_end/judge.rs"]
mod to_the_end;

/// In the order in which they are to be done.
pub const EXERCISES: &[Exercise] = &[
    every_result::EXERCISE,
    count_apart::EXERCISE,
    to_the_end::EXERCISE,
    stop_the_worker::EXERCISE,
];
