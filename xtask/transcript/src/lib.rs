//! Reads the pages of the course and decides whether what a command printed is
//! equivalent to what the page shows.
//!
//! Two outputs are equivalent if their lines match one to one under one
//! renaming of ids, where durations, rates, bars and numbers after `≈` may
//! differ ([`token`]), and where lines that may interleave keep their order
//! within each process or thread ([`equivalent`]).

pub mod annotation;
pub mod equivalent;
pub mod explain;
pub mod order;
pub mod page;
pub mod phrases;
mod side;
pub mod token;
