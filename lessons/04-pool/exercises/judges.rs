//! The judges of this lesson's exercises. They are a part of xtask.

use crate::practice::Exercise;

#[path = "at_most/judge.rs"]
mod at_most;

/// In the order in which they are to be done.
pub const EXERCISES: &[Exercise] = &[at_most::EXERCISE];
