//! The judges of this lesson's exercises. They are a part of xtask.

use crate::practice::Exercise;

#[path = "children/judge.rs"]
mod children;
#[path = "deadline/judge.rs"]
mod deadline;
#[path = "no_zombies/judge.rs"]
mod no_zombies;
#[path = "pipeline/judge.rs"]
mod pipeline;
#[path = "run_on/judge.rs"]
mod run_on;

/// In the order in which they are to be done.
pub const EXERCISES: &[Exercise] = &[
    children::EXERCISE,
    run_on::EXERCISE,
    no_zombies::EXERCISE,
    deadline::EXERCISE,
    pipeline::EXERCISE,
];
