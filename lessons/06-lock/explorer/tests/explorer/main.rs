//! The explorer: its counts against theory, its reduction against every order, its
//! verdicts against those of loom and shuttle.

mod faults;
mod front;
mod hangs;
mod like_std;
mod peers;
mod random;
mod random_front;
mod same_again;
mod theory;
mod unwinding;
