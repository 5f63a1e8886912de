//! A lock need not be fair: a thread that has just released it may take it again, though another
//! has waited all the time. And readers may keep a writer out for ever. Compare with `rwlock`,
//! where a waiting writer keeps readers out.

mod tickets;

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use anyhow::{Context, Result, ensure};
use common::menu::Options;
use common::proc;
use nix::unistd::gettid;
use tickets::TicketLock;

static STD: Mutex<()> = Mutex::new(());
static PARKING_LOT: parking_lot::Mutex<()> = parking_lot::Mutex::new(());
static TICKETS: TicketLock = TicketLock::new();

const NO_PANIC: &str = "no thread panics while it holds the lock";

pub fn run(options: &Options) -> Result<()> {
    let rounds = options.number("--rounds", 1..=10_000)?.unwrap_or(50);
    println!("a thread waits, the owner unlocks and locks again; {rounds} rounds:");
    let barging = all_rounds(rounds, || STD.lock().expect(NO_PANIC), drop)?;
    println!("  std's Mutex:         {barging}");
    let barging = all_rounds(rounds, || PARKING_LOT.lock(), drop)?;
    println!("  parking_lot's Mutex: {barging}");
    let barging = all_rounds(rounds, || PARKING_LOT.lock(), parking_lot::MutexGuard::unlock_fair)?;
    println!("  with unlock_fair:    {}", barging.must_be_none()?);
    let barging = all_rounds(rounds, || TICKETS.lock(), drop)?;
    println!("  a ticket lock:       {}", barging.must_be_none()?);

    readers_before_writer()
}

/// How often the owner of a lock had it again, although another thread was waiting for it.
#[derive(Debug, Default, PartialEq)]
struct Barging {
    /// In how many rounds.
    rounds: u32,
    /// In one of them.
    most: u32,
}

fn all_rounds<Guard: 'static>(
    rounds: u32,
    lock: fn() -> Guard,
    unlock: fn(Guard),
) -> Result<Barging> {
    let mut barging = Barging::default();
    for _ in 0..rounds {
        let times = one_round(lock, unlock)?;
        barging.rounds += u32::from(times > 0);
        barging.most = barging.most.max(times);
    }
    Ok(barging)
}

/// How often the owner has the lock again before the thread that waits for it.
fn one_round<Guard: 'static>(lock: fn() -> Guard, unlock: fn(Guard)) -> Result<u32> {
    let served = Arc::new(AtomicBool::new(false));
    let mut guard = lock();
    let waiter = start_asleep("waiter", {
        let served = served.clone();
        move || {
            let guard = lock();
            served.store(true, Relaxed);
            unlock(guard);
        }
    })?;
    let mut times = 0;
    while times < ENOUGH {
        unlock(guard);
        guard = lock();
        if served.load(Relaxed) {
            break;
        }
        times += 1;
    }
    unlock(guard);
    waiter.join().ok().context("join: the thread panicked")?;
    Ok(times)
}

/// Then the owner lets the other thread have it.
const ENOUGH: u32 = 1000;

impl fmt::Display for Barging {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Barging { rounds, most } = self;
        write!(f, "the owner first in ≈ {rounds} rounds, most times in a row: ≈ {most}")
    }
}

impl Barging {
    /// The words for a lock that forbids it.
    fn must_be_none(self) -> Result<&'static str> {
        ensure!(self == Barging::default(), "not in the order in which they came: {self}");
        Ok("the owner first in 0 rounds")
    }
}

/// `read_recursive` does not look whether a writer waits. If the next reader always comes before
/// the last one leaves, the writer never gets its turn.
fn readers_before_writer() -> Result<()> {
    static LOCK: parking_lot::RwLock<()> = parking_lot::RwLock::new(());
    let mut reader = LOCK.read();
    let writer = start_asleep("writer", || drop(LOCK.write()))?;
    println!("main reads, a writer waits; may another read? {}", LOCK.try_read().is_some());
    for _ in 0..10 {
        let next = LOCK.read_recursive();
        drop(reader);
        reader = next;
    }
    println!("10 came with read_recursive; has the writer had its turn? {}", writer.is_finished());
    drop(reader);
    writer.join().ok().context("join: the thread panicked")?;
    println!("all have left: the writer has had its turn");
    Ok(())
}

/// Starts a thread that sleeps at the lock, and returns when it does.
fn start_asleep(name: &str, work: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>> {
    let (tx, rx) = channel();
    let thread = thread::Builder::new().name(name.to_owned()).spawn(move || {
        tx.send(gettid()).expect("main receives it");
        work();
    });
    let thread = thread.context("start a thread")?;
    // Polls /proc: the lock is the only place where the thread can sleep.
    proc::poll_until_asleep(rx.recv().context("the thread has panicked")?)?;
    Ok(thread)
}

#[cfg(test)]
mod tests {
    use std::sync::Condvar;

    use super::*;

    /// How often the owner had this lock, until it is the waiter's turn.
    static OWNED: Mutex<u32> = Mutex::new(0);
    static CHANGED: Condvar = Condvar::new();

    fn is_waiter() -> bool {
        thread::current().name() == Some("waiter")
    }

    /// A lock that its owner gets three times more, and then the waiter.
    fn fourth_time() {
        let mut owned = OWNED.lock().unwrap();
        if is_waiter() {
            drop(CHANGED.wait_while(owned, |owned| *owned < 5).unwrap());
        } else {
            *owned += 1;
            CHANGED.notify_all();
            drop(CHANGED.wait_while(owned, |owned| *owned == 5).unwrap());
        }
    }

    fn after_the_fourth_time(_: ()) {
        if is_waiter() {
            *OWNED.lock().unwrap() = 0;
            CHANGED.notify_all();
        }
    }

    #[test]
    fn it_is_counted_how_often_the_owner_comes_first() {
        let barging = all_rounds(2, fourth_time, after_the_fourth_time).unwrap();
        assert_eq!(barging, Barging { rounds: 2, most: 3 });
        barging.must_be_none().unwrap_err();
        let barging = all_rounds(3, || TICKETS.lock(), drop).unwrap();
        assert_eq!(barging.must_be_none().unwrap(), "the owner first in 0 rounds");
    }
}
