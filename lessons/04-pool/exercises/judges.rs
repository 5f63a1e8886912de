//! The judges of this lesson's exercises. They are a part of xtask.

use crate::practice::Exercise;

#[path = "at_most/judge.rs"]
mod at_most;
#[path = "in_order/judge.rs"]
mod in_order;
#[path = "worker_dies/judge.rs"]
mod worker_dies;

/// In the order in which they are to be done.
pub const EXERCISES: &[Exercise] = &[at_most::EXERCISE, in_order::EXERCISE, worker_dies::EXERCISE];
