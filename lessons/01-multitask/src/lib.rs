//! What lesson 01 builds: processes that keep busy and note when they ran, and
//! what can be read from their notes.
//!
//! - [`cpus`]: the CPUs that a process may use.
//! - [`recorder`]: a busy task records the slices of time in which it ran;
//!   [`recording`]: what it hands over.
//! - [`team`]: several such tasks, each a process, that start together.
//! - [`slices`]: what the recordings say; plain functions.
//! - [`timeline`], [`svg`]: the recordings drawn, as text and as a picture.

pub mod cpus;
pub mod recorder;
pub mod recording;
pub mod slices;
pub mod svg;
pub mod team;
pub mod timeline;
