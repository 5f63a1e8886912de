//! The explorer: its counts against theory, its reduction against every order, its
//! verdicts against those of loom and shuttle.

mod faults;
mod hangs;
mod peers;
mod random;
mod same_again;
mod theory;
mod unwinding;
