//! A lock under which many threads may read at the same time, or one may write alone.
//! Compare with `turns`, whose lock lets in one thread, even to read.

use std::sync::mpsc::channel;
use std::sync::{Arc, Barrier, LazyLock, Mutex, RwLock};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use common::menu::Options;
use common::{paced, proc, text};
use crossbeam::sync::ShardedLock;
use nix::unistd::gettid;

static MUTEX: Mutex<u32> = Mutex::new(1);
static RW_LOCK: RwLock<u32> = RwLock::new(1);
/// From crossbeam: eight locks; a reader takes one of them, a writer all.
static SHARDED_LOCK: LazyLock<ShardedLock<u32>> = LazyLock::new(|| ShardedLock::new(1));

const NO_PANIC: &str = "no thread panics while it holds the lock";

fn under_mutex(inside: &dyn Fn()) {
    let _value = MUTEX.lock().expect(NO_PANIC);
    inside();
}

fn under_rw_lock(inside: &dyn Fn()) {
    let _value = RW_LOCK.read().expect(NO_PANIC);
    inside();
}

fn under_sharded_lock(inside: &dyn Fn()) {
    let _value = SHARDED_LOCK.read().expect(NO_PANIC);
    inside();
}

/// Does something while it has the lock to read.
type Read = fn(&dyn Fn());

const SHARED: [(&str, Read); 2] = [("RwLock", under_rw_lock), ("ShardedLock", under_sharded_lock)];

pub fn run(options: &Options) -> Result<()> {
    let readers = options.number("--readers", 2..=20)?.unwrap_or(3);
    println!("{readers} readers, each stays inside until all are there:");
    for (name, read) in SHARED {
        let meeting = Barrier::new(readers);
        start_readers(readers, read, move || _ = meeting.wait())?;
        println!("  {name}: all were inside at the same time");
    }

    write_alone(2)?;
    wait_to_write()?;

    let time = paced(Duration::from_secs(1));
    println!("{readers} readers, each stays inside for {}:", text::time(time));
    for (name, read) in [("Mutex", under_mutex as Read)].into_iter().chain(SHARED) {
        let all = start_readers(readers, read, move || thread::sleep(time))?;
        println!("  {name}: {} for all", text::time(all));
    }
    Ok(())
}

/// Runs `inside` in `readers` threads, under a lock; returns how long it took them all.
fn start_readers(
    readers: usize,
    read: Read,
    inside: impl Fn() + Send + Sync + 'static,
) -> Result<Duration> {
    let begin = Instant::now();
    let inside = Arc::new(inside);
    let mut threads = Vec::new();
    for _ in 0..readers {
        let inside = inside.clone();
        let thread = thread::Builder::new().name("reader".to_owned());
        threads.push(thread.spawn(move || read(&*inside)).context("start a thread")?);
    }
    for thread in threads {
        thread.join().ok().context("join: the thread panicked")?;
    }
    Ok(begin.elapsed())
}

/// A writer is alone.
fn write_alone(written: u32) -> Result<()> {
    let reading = RW_LOCK.read().expect(NO_PANIC);
    println!("main reads; may it write? {}", RW_LOCK.try_write().is_ok());
    drop(reading);
    println!("main reads no more; may it write? {}", RW_LOCK.try_write().is_ok());

    let mut value = RW_LOCK.write().expect(NO_PANIC);
    println!("main writes; may another thread read? {}", RW_LOCK.try_read().is_ok());
    let reader = start_asleep("reader", || *RW_LOCK.read().expect(NO_PANIC))?;
    *value = written;
    println!("a reader sleeps until main has written {value}");
    drop(value);
    println!("it has read {}", reader.join().ok().context("join: the thread panicked")?);
    Ok(())
}

/// A writer that waits keeps new readers out.
fn wait_to_write() -> Result<()> {
    let reading = RW_LOCK.read().expect(NO_PANIC);
    println!("main reads; may another thread read? {}", RW_LOCK.try_read().is_ok());
    let writer = start_asleep("writer", || *RW_LOCK.write().expect(NO_PANIC) = 3)?;
    println!("main reads, a writer waits; may another thread read? {}", RW_LOCK.try_read().is_ok());
    drop(reading);
    writer.join().ok().context("join: the thread panicked")
}

/// Starts a thread that sleeps at the lock, and returns when it does.
fn start_asleep<T: Send + 'static>(
    name: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<JoinHandle<T>> {
    let (tx, rx) = channel();
    let thread = thread::Builder::new().name(name.to_owned()).spawn(move || {
        tx.send(gettid()).expect("main receives it");
        work()
    });
    let thread = thread.context("start a thread")?;
    // Polls /proc: the lock is the only place where the thread can sleep.
    proc::poll_until_asleep(rx.recv().context("the thread has panicked")?)?;
    Ok(thread)
}

#[cfg(test)]
mod tests {
    use testing::printed;

    use super::*;

    /// Checks that a thread sleeps until it may read, and that nothing but this guard
    /// keeps it from that; and that nobody `may_write` while it reads.
    fn waits_for<Guard>(guard: Guard, read: Read, may_write: fn() -> bool) {
        let (tx, rx) = channel();
        let reader = thread::spawn(move || {
            tx.send(gettid()).unwrap();
            read(&|| assert!(!may_write()));
            assert!(may_write());
        });
        assert!(proc::poll_until_asleep(rx.recv().unwrap()).unwrap());
        assert!(!reader.is_finished());
        drop(guard);
        reader.join().unwrap();
    }

    #[test]
    fn each_reader_waits_for_the_lock_that_it_is_named_after() {
        let [(first, rw_lock), (second, sharded_lock)] = SHARED;
        assert_eq!([first, second], ["RwLock", "ShardedLock"]);
        waits_for(MUTEX.lock().unwrap(), under_mutex, || MUTEX.try_lock().is_ok());
        waits_for(RW_LOCK.write().unwrap(), rw_lock, || RW_LOCK.try_write().is_ok());
        waits_for(SHARDED_LOCK.write().unwrap(), sharded_lock, || SHARDED_LOCK.try_write().is_ok());
    }

    #[test]
    fn whether_main_may_write_is_asked_and_what_it_has_written_is_read() {
        let lines = printed::lines("0", || {
            thread::scope(|scope| {
                let reading = RW_LOCK.read().unwrap();
                let (tx, rx) = channel();
                scope.spawn(move || {
                    tx.send(gettid()).unwrap();
                    write_alone(7).unwrap();
                });
                // Where it is to write, without a question.
                proc::poll_until_asleep(rx.recv().unwrap()).unwrap();
                drop(reading);
            });
        });
        assert_eq!(lines[1], "main reads no more; may it write? false", "{lines:#?}");
        assert_eq!(lines[4], "it has read 7", "{lines:#?}");
    }
}
