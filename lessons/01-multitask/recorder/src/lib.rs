//! Tasks, each a process, that note when they ran or what they used, and what can be
//! read from their notes.
//!
//! - [`team`]: several tasks, each a process, that start together.
//! - [`record_until`], [`record_readings`]: a busy task records the slices of time in
//!   which it ran; [`recording`]: what it hands over.
//! - [`slices`]: what the recordings say; plain functions.
//! - [`timeline`], [`svg`]: the recordings drawn, as text and as a picture.
//! - [`usage`]: CPU time and switches by the kernel's count.

mod poll;
pub mod recording;
pub mod slices;
pub mod svg;
pub mod team;
pub mod timeline;
pub mod usage;

pub use poll::{GAP, now, record_readings, record_until};
