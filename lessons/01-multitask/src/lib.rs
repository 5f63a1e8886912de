//! What lesson 01 builds: tasks, each a process, that note when they ran or what
//! they used; what can be read from their notes; and what else is running.
//!
//! - [`priority`]: how nice a task is to the others.
//! - [`team`]: several tasks, each a process, that start together.
//! - [`recorder`]: a busy task records the slices of time in which it ran;
//!   [`recording`]: what it hands over.
//! - [`slices`]: what the recordings say; plain functions.
//! - [`timeline`], [`svg`]: the recordings drawn, as text and as a picture.
//! - [`usage`]: CPU time and switches by the kernel's count.
//! - [`ping_pong`]: two processes that hand over to each other.
//! - [`processes`]: all processes, by what the system tells of them.

pub mod ping_pong;
pub mod priority;
pub mod processes;
pub mod recorder;
pub mod recording;
pub mod slices;
pub mod svg;
pub mod team;
pub mod timeline;
pub mod usage;
