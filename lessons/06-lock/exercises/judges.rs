//! The judges of this lesson's exercises. They are a part of xtask.

use crate::practice::Exercise;

#[path = "bounded_buffer/judge.rs"]
mod bounded_buffer;
#[path = "check_then_act/judge.rs"]
mod check_then_act;
#[path = "compare_exchange/judge.rs"]
mod compare_exchange;
#[path = "lost_update/judge.rs"]
mod lost_update;
#[path = "meet/judge.rs"]
mod meet;
#[path = "philosophers/judge.rs"]
mod philosophers;
#[path = "readers_writers/judge.rs"]
mod readers_writers;
#[path = "reusable_barrier/judge.rs"]
mod reusable_barrier;
#[path = "semaphore/judge.rs"]
mod semaphore;
#[path = "transfer/judge.rs"]
mod transfer;

/// In the order in which they are to be done.
pub const EXERCISES: &[Exercise] = &[
    lost_update::EXERCISE,
    compare_exchange::EXERCISE,
    check_then_act::EXERCISE,
    transfer::EXERCISE,
    semaphore::EXERCISE,
    bounded_buffer::EXERCISE,
    meet::EXERCISE,
    reusable_barrier::EXERCISE,
    philosophers::EXERCISE,
    readers_writers::EXERCISE,
];
