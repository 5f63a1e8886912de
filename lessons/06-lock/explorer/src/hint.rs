//! [`std::hint`].

use crate::engine;

/// Lets the others go first: [`yield_now`](crate::thread::yield_now).
#[track_caller]
pub fn spin_loop() {
    engine::yield_now();
}
