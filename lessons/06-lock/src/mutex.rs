//! What a lock asks of the kernel: nothing while it is free. A thread that finds it
//! taken sleeps until it is released. `cargo xtask trace` shows both.

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI32, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use common::{paced, proc};
use nix::unistd::{getpid, gettid};

static COUNT: Mutex<u32> = Mutex::new(0);

/// The id of the holder, once it has the lock. The main thread polls it, only because a
/// proper wait, such as a channel's, would add calls of its own to the record.
static HOLDER: AtomicI32 = AtomicI32::new(0);

pub fn run() -> Result<()> {
    for _ in 0..1000 {
        *COUNT.lock().expect(NO_PANIC) += 1;
    }
    println!("no other thread wants the lock: locked and unlocked 1000 times");

    let holder = thread::Builder::new().name("holder".to_owned()).spawn(hold);
    let holder = holder.context("start a thread")?;
    while HOLDER.load(Ordering::Acquire) == 0 {
        thread::yield_now();
    }
    println!("thread main wants the lock");
    let count = *COUNT.lock().expect(NO_PANIC);
    println!("thread main has locked it: {count}");

    // Once the thread is gone, joining it does not wait in the kernel either.
    let directory = format!("/proc/self/task/{}", HOLDER.load(Ordering::Acquire));
    while Path::new(&directory).exists() {
        thread::yield_now();
    }
    holder.join().ok().context("join: the thread panicked")?
}

/// Takes the lock, and holds it for a second after the main thread has fallen asleep.
fn hold() -> Result<()> {
    let mut count = COUNT.lock().expect(NO_PANIC);
    println!("thread holder has the lock");
    HOLDER.store(gettid().as_raw(), Ordering::Release);
    // Polls /proc. The main thread has the id of the process, and sleeps only at the lock.
    proc::poll_until_asleep(getpid())?;
    thread::sleep(paced(Duration::from_secs(1)));
    *count += 1;
    println!("thread holder unlocks");
    Ok(())
}

const NO_PANIC: &str = "no thread panics while it holds the lock";

#[cfg(test)]
mod tests {
    use std::panic::catch_unwind;

    use common::panics;
    use testing::printed;

    use super::*;

    #[test]
    fn it_is_the_count_inside_the_lock_that_is_told() {
        let lines = printed::lines("0", || {
            *COUNT.lock().unwrap() = 5000;
            run().unwrap();
            assert_eq!(*COUNT.lock().unwrap(), 6001);
        });
        assert_eq!(lines.last().unwrap(), "thread main has locked it: 6001");
    }

    #[test]
    fn the_free_lock_is_taken_for_each_count() {
        printed::lines("0", || {
            panics::silence();
            *COUNT.lock().unwrap() = u32::MAX - 500;
            // After 500 times there is no room for one more.
            catch_unwind(run).unwrap_err();
            assert_eq!(*COUNT.lock().unwrap_err().into_inner(), u32::MAX);
        });
    }
}
