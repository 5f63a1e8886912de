//! Tasks that record when they ran or what they used, and what their recordings show.
//!
//! - [`Team`]: several tasks, each a process, that start together.
//! - [`record_until`], [`record_readings`]: a busy task records the slices of time in
//!   which it ran, and hands over a [`Recording`].
//! - [`slices`]: lengths, shares and overlaps; plain functions of recordings.
//! - [`timeline`], [`Picture`]: recordings drawn, as text and as a picture.
//! - [`Usage`]: CPU time and switches by the kernel's count.

mod error;
mod picture;
mod poll;
mod recording;
pub mod slices;
mod team;
pub mod timeline;
mod usage;

pub use error::Error;
pub use picture::{Lane, Picture};
pub use poll::{now, record_readings, record_until};
pub use recording::{Recording, Slice};
pub use team::{Run, Team};
pub use usage::Usage;
