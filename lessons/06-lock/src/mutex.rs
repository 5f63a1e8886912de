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

/// The id of the other thread, once it has the lock. The main thread polls it: a wait in
/// the kernel would be one more call in the record.
static HOLDER: AtomicI32 = AtomicI32::new(0);

pub fn run() -> Result<()> {
    for _ in 0..1000 {
        *COUNT.lock().expect(NO_PANIC) += 1;
    }
    println!("nobody else wants the lock: taken and given back 1000 times");

    let holder = thread::Builder::new().name("holder".to_owned()).spawn(hold);
    let holder = holder.context("start a thread")?;
    while HOLDER.load(Ordering::Acquire) == 0 {
        thread::yield_now();
    }
    println!("thread main wants the lock");
    let count = *COUNT.lock().expect(NO_PANIC);
    println!("thread main has had the lock: {count}");

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
    // The main thread has the id of the process. It sleeps nowhere but at the lock.
    proc::wait_until_asleep(getpid())?;
    thread::sleep(paced(Duration::from_secs(1)));
    *count += 1;
    println!("thread holder gives the lock back");
    Ok(())
}

const NO_PANIC: &str = "no thread panics while it holds the lock";

#[cfg(test)]
mod tests {
    use testing::printed;

    use super::*;

    #[test]
    fn it_is_the_count_inside_the_lock_that_is_told() {
        let lines = printed::lines("0", || {
            *COUNT.lock().unwrap() = 5000;
            run().unwrap();
            assert_eq!(*COUNT.lock().unwrap(), 6001);
        });
        assert_eq!(lines.last().unwrap(), "thread main has had the lock: 6001");
    }
}
