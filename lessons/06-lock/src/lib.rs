//! What lesson 06 builds that is worth more than one demo.

pub mod explorer;
