//! The judges of this lesson's exercises. They are a part of xtask.

use crate::practice::Exercise;

#[path = "wait_quietly/judge.rs"]
mod wait_quietly;

/// In the order in which they are to be done.
pub const EXERCISES: &[Exercise] = &[wait_quietly::EXERCISE];
