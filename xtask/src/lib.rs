//! The engines behind `cargo xtask`: `transcript` decides whether two outputs
//! are equivalent, `supervise` runs programs so that nothing outlives them.

pub mod record;
pub mod supervise;
pub mod transcript;
