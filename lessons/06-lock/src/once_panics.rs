//! Making a value panics the first time. Std's three ways to make it once differ in what the
//! next thread that asks gets. Compare with `once`.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use std::sync::{LazyLock, Once, OnceLock};

use anyhow::Result;
use common::panics;

static FAILED: AtomicBool = AtomicBool::new(false);

/// Panics the first time, and makes the value the second time.
fn fail_once() -> u32 {
    assert!(FAILED.swap(true, Relaxed), "there is no value yet");
    42
}

pub fn run() -> Result<()> {
    panics::silence();
    let once_lock = OnceLock::new();
    ask_twice("OnceLock", || *once_lock.get_or_init(fail_once));

    let lazy_lock = LazyLock::new(fail_once);
    ask_twice("LazyLock", || *lazy_lock);

    let (once, value) = (Once::new(), AtomicU32::new(0));
    ask_twice("Once", || {
        once.call_once(|| value.store(fail_once(), Relaxed));
        value.load(Relaxed)
    });
    Ok(())
}

fn ask_twice(way: &str, ask: impl Fn() -> u32) {
    FAILED.store(false, Relaxed);
    for time in ["first", "second"] {
        match catch_unwind(AssertUnwindSafe(&ask)) {
            Ok(value) => println!("{way}, {time}: {value}"),
            Err(panic) => println!("{way}, {time}: panic ≈ {:?}", panics::message(&*panic)),
        }
    }
}

#[cfg(test)]
mod tests {
    use testing::printed;

    use super::*;

    #[test]
    fn what_is_told_of_each_answer_is_what_it_was() {
        let lines = printed::lines("0", || {
            panics::silence();
            ask_twice("a number", || 7);
            ask_twice("none", || panic!("never"));
        });
        assert_eq!(lines[..2], ["a number, first: 7", "a number, second: 7"]);
        let panic = "panic ≈ \"never\"";
        assert_eq!(lines[2..], [format!("none, first: {panic}"), format!("none, second: {panic}")]);
    }
}
