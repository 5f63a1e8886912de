//! What lesson 05 builds for its demos.
//!
//! - [`panics`]: what a panic says.

pub mod panics;
