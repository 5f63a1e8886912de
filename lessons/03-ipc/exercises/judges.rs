//! The judges of this lesson's exercises. They are a part of xtask.

use crate::practice::Exercise;

#[path = "both_send/judge.rs"]
mod both_send;
#[path = "merge/judge.rs"]
mod merge;
#[path = "messages/judge.rs"]
mod messages;
#[path = "no_end/judge.rs"]
mod no_end;
#[path = "seats/judge.rs"]
mod seats;

/// In the order in which they are to be done.
pub const EXERCISES: &[Exercise] =
    &[no_end::EXERCISE, both_send::EXERCISE, messages::EXERCISE, seats::EXERCISE, merge::EXERCISE];
