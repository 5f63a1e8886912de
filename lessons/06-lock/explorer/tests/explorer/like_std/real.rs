//! The source with std's types.

use std::{hint, sync, thread};

#[allow(clippy::duplicate_mod)]
#[path = "source.rs"]
pub mod source;
