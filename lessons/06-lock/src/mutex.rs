//! What a lock asks of the kernel: nothing while it is free. A thread that finds it
//! taken sleeps until it is released. `cargo xtask trace` shows both.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use common::paced;

static COUNT: Mutex<u32> = Mutex::new(0);

/// Whether the other thread has the lock. The main thread polls it: a wait in the kernel
/// would be one more call in the record.
static HELD: AtomicBool = AtomicBool::new(false);

pub fn run() -> Result<()> {
    for _ in 0..1000 {
        *COUNT.lock().expect(NO_PANIC) += 1;
    }
    println!("nobody else wants the lock: taken and given back 1000 times");

    let holder = thread::Builder::new().name("holder".to_owned()).spawn(hold);
    let holder = holder.context("start a thread")?;
    while !HELD.load(Ordering::Acquire) {
        thread::yield_now();
    }
    println!("thread main wants the lock");
    let count = *COUNT.lock().expect(NO_PANIC);
    println!("thread main has had the lock: {count}");

    // The other thread has ended by then, so `join` makes no call to wait.
    thread::sleep(paced(Duration::from_secs(1)));
    holder.join().ok().context("join: the thread panicked")
}

/// Takes the lock for a second.
fn hold() {
    let mut count = COUNT.lock().expect(NO_PANIC);
    println!("thread holder has the lock");
    HELD.store(true, Ordering::Release);
    thread::sleep(paced(Duration::from_secs(1)));
    *count += 1;
    println!("thread holder gives the lock back");
}

const NO_PANIC: &str = "no thread panics while it holds the lock";
