//! A value that is made when it is first needed, and only once, though several threads ask for
//! it at the same time. Std has three ways. Compare with `once-panics`.

use std::sync::atomic::{AtomicI32, AtomicU32, Ordering::SeqCst};
use std::sync::{LazyLock, Once, OnceLock};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context, Result};
use common::{paced, proc};
use nix::unistd::{Pid, gettid};

static ONCE_LOCK: OnceLock<u32> = OnceLock::new();
static LAZY_LOCK: LazyLock<u32> = LazyLock::new(make);
/// This one keeps no value: it is for an action that has to happen once.
static ONCE: Once = Once::new();
static VALUE: AtomicU32 = AtomicU32::new(0);

pub fn run() -> Result<()> {
    println!("four threads ask at the same time:");
    ask_at_once("OnceLock", || *ONCE_LOCK.get_or_init(make))?;
    ask_at_once("LazyLock", || *LAZY_LOCK)?;
    ask_at_once("Once", || {
        ONCE.call_once(|| VALUE.store(make(), SeqCst));
        VALUE.load(SeqCst)
    })?;
    Ok(())
}

/// How often the value was made, and how many threads slept until it was there.
static MADE: AtomicU32 = AtomicU32::new(0);
static ASLEEP: AtomicU32 = AtomicU32::new(0);

/// The ids of the threads that ask; 0 for a thread that has not started.
static ASKING: [AtomicI32; 4] = [const { AtomicI32::new(0) }; 4];

/// Makes the value; returns only when all other threads are waiting for it.
fn make() -> u32 {
    MADE.fetch_add(1, SeqCst);
    for asking in &ASKING {
        while asking.load(SeqCst) == 0 {
            thread::yield_now();
        }
        let tid = Pid::from_raw(asking.load(SeqCst));
        if tid != gettid() {
            // Polls /proc: the thread can sleep only where it waits for the value.
            proc::poll_until_asleep(tid).expect("a thread that asks does not end");
            ASLEEP.fetch_add(1, SeqCst);
        }
    }
    thread::sleep(paced(Duration::from_secs(1)));
    42
}

fn ask_at_once(way: &str, ask: fn() -> u32) -> Result<()> {
    MADE.store(0, SeqCst);
    ASLEEP.store(0, SeqCst);
    ASKING.iter().for_each(|asking| asking.store(0, SeqCst));
    let mut threads = Vec::new();
    for asking in &ASKING {
        let thread = thread::Builder::new().name("asking".to_owned()).spawn(move || {
            asking.store(gettid().as_raw(), SeqCst);
            ask()
        });
        threads.push(thread.context("start a thread")?);
    }
    let join = |thread: JoinHandle<u32>| thread.join().ok().context("join: the thread panicked");
    let values = threads.into_iter().map(join).collect::<Result<Vec<_>>>()?;
    let (made, asleep) = (MADE.load(SeqCst), ASLEEP.load(SeqCst));
    println!("  {way}: made {made} time, {asleep} threads slept until then; got {values:?}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use testing::printed;

    use super::*;

    #[test]
    fn each_of_the_three_has_made_its_value() {
        printed::lines("0", || {
            run().unwrap();
            assert_eq!(ONCE_LOCK.get(), Some(&42));
            assert!(ONCE.is_completed());
            MADE.store(0, SeqCst);
            assert_eq!((*LAZY_LOCK, MADE.load(SeqCst)), (42, 0));
        });
    }

    #[test]
    fn the_value_is_made_when_the_others_sleep() {
        static BUSY: AtomicBool = AtomicBool::new(true);
        printed::lines("0", || {
            let busy = thread::spawn(|| {
                ASKING[0].store(gettid().as_raw(), SeqCst);
                while BUSY.load(SeqCst) {
                    std::hint::spin_loop();
                }
                thread::park();
            });
            let makes = thread::spawn(|| {
                ASKING[1..].iter().for_each(|asking| asking.store(gettid().as_raw(), SeqCst));
                make()
            });
            // Time enough to make a value for which nobody has to sleep.
            thread::sleep(Duration::from_millis(50));
            assert!(!makes.is_finished());
            BUSY.store(false, SeqCst);
            assert_eq!(makes.join().unwrap(), 42);
            busy.thread().unpark();
            busy.join().unwrap();
        });
    }

    #[test]
    fn what_is_told_of_those_that_ask_is_what_they_got() {
        let lines = printed::lines("0", || ask_at_once("a number", || 7).unwrap());
        let at_once = "made 0 time, 0 threads slept until then; got [7, 7, 7, 7]";
        assert_eq!(lines, [format!("  a number: {at_once}")]);
    }
}
