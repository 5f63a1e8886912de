//! The judges of this lesson's exercises. They are a part of xtask.

use crate::practice::Exercise;

#[path = "stay_put/judge.rs"]
mod stay_put;
#[path = "wait_quietly/judge.rs"]
mod wait_quietly;

/// In the order in which they are to be done.
pub const EXERCISES: &[Exercise] = &[wait_quietly::EXERCISE, stay_put::EXERCISE];
