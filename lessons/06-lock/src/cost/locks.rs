//! The locks that are compared, a row for each.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, OnceLock, RwLock};

use anyhow::{Context, Result};
use crossbeam::sync::ShardedLock;
use shared_mutex::{SharedMutex, Word};

use super::file::Locked;
use super::table::Table;
use crate::semaphore::Semaphore;

/// Under each lock, a thread adds one to a number, or reads it.
pub fn measure(table: &mut Table) -> Result<()> {
    table.change(
        "atomic, fetch_add",
        AtomicU64::new(0),
        |number| _ = number.fetch_add(1, Relaxed),
        |number| number.load(Relaxed),
    )?;
    table.change(
        "Mutex",
        Mutex::new(0),
        |number| *number.lock().expect(NO_PANIC) += 1,
        |number| *number.lock().expect(NO_PANIC),
    )?;
    table.change(
        "Mutex of parking_lot",
        parking_lot::Mutex::new(0),
        |number| *number.lock() += 1,
        |number| *number.lock(),
    )?;
    table.change(
        "RwLock, write",
        RwLock::new(0),
        |number| *number.write().expect(NO_PANIC) += 1,
        |number| *number.read().expect(NO_PANIC),
    )?;
    table.look("RwLock, read", RwLock::new(1), |number| *number.read().expect(NO_PANIC))?;
    table.change(
        "ShardedLock, write",
        ShardedLock::new(0),
        |number| *number.write().expect(NO_PANIC) += 1,
        |number| *number.read().expect(NO_PANIC),
    )?;
    table
        .look("ShardedLock, read", ShardedLock::new(1), |number| *number.read().expect(NO_PANIC))?;
    table.change(
        "semaphore, one permit",
        (Semaphore::new(1), AtomicU64::new(0)),
        |(semaphore, number)| {
            let _permit = semaphore.acquire();
            number.store(number.load(Relaxed) + 1, Relaxed);
        },
        |(_, number)| number.load(Relaxed),
    )?;
    table.look("OnceLock, get", OnceLock::from(1), |number| {
        *number.get().expect("it was made with a number")
    })?;
    table.change(
        "between processes",
        SharedMutex::not_robust(Word::new(0)).context("a mutex in shared memory")?,
        |mutex| add_one(mutex),
        |mutex| mutex.lock().expect(NO_DEATH).get() as u64,
    )?;
    table.change(
        "the same, robust",
        SharedMutex::robust(Word::new(0)).context("a mutex in shared memory")?,
        |mutex| add_one(mutex),
        |mutex| mutex.lock().expect(NO_DEATH).get() as u64,
    )?;
    table.change(
        "flock on a file",
        Locked::new()?,
        |file| file.add_one().expect("the file can be locked again and again"),
        Locked::number,
    )
}

const NO_PANIC: &str = "no thread panics while it holds the lock";
const NO_DEATH: &str = "no thread ends while it holds the lock";

fn add_one(mutex: &SharedMutex<Word>) {
    let number = mutex.lock().expect(NO_DEATH);
    number.set(number.get() + 1);
}
