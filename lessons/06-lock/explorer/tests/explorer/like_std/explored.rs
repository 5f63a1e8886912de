//! The source with the explorer's types.

use explorer::{hint, sync, thread};

#[allow(clippy::duplicate_mod)]
#[path = "source.rs"]
pub mod source;
