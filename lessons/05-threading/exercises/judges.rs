//! The judges of this lesson's exercises. They are a part of xtask.

use crate::practice::Exercise;

#[path = "every_result/judge.rs"]
mod every_result;

/// In the order in which they are to be done.
pub const EXERCISES: &[Exercise] = &[every_result::EXERCISE];
