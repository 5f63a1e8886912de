//! What a lock costs: next to nothing when no other thread wants it, more when another
//! thread wants it too, and the holder's whole time when it is held. The kernel counts how
//! often the thread slept. Compare with `mutex`, which shows the calls.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use common::menu::Options;
use common::{paced, proc, text};
use nix::sys::resource::{UsageWho, getrusage};
use nix::unistd::gettid;

static COUNT: Mutex<u64> = Mutex::new(0);

const NO_PANIC: &str = "no thread panics while it holds the lock";

fn count() {
    *COUNT.lock().expect(NO_PANIC) += 1;
}

pub fn run(options: &Options) -> Result<()> {
    let times = options.number("--times", 1..=1_000_000_000)?.unwrap_or(1_000_000);
    let work = || (0..times).for_each(|_| count());
    let each = |time: Duration| time.as_nanos() as f64 / f64::from(times);

    let Cost { time, sleeps } = alone(work)?;
    println!("{times} times, nobody else wants it: {:.1} ns each, sleeps: {sleeps}", each(time));
    let Cost { time, sleeps } = contended(work)?;
    println!("{times} times, another wants it too: {:.1} ns each, sleeps: ≈ {sleeps}", each(time));
    let hold = paced(Duration::from_secs(1));
    let Cost { time, sleeps } = held(hold)?;
    let [hold, time] = [hold, time].map(text::time);
    println!("once, another holds it for {hold}: {time}, sleeps: {sleeps}");
    Ok(())
}

/// No other thread wants the lock. A thread may sleep for another reason, such as a page of
/// memory that has to be fetched; if it sleeps each time, the reason is the lock.
fn alone(work: impl Fn()) -> Result<Cost> {
    let mut cost = measure(&work)?;
    for _ in 0..10 {
        if cost.sleeps == 0 {
            break;
        }
        cost = measure(&work)?;
    }
    Ok(cost)
}

/// Another thread takes and releases the lock all the while, as often as it can.
fn contended(work: impl Fn()) -> Result<Cost> {
    let (begun, ended) = (AtomicBool::new(false), AtomicBool::new(false));
    thread::scope(|scope| {
        let rival = thread::Builder::new().name("rival".to_owned()).spawn_scoped(scope, || {
            while !ended.load(Relaxed) {
                count();
                begun.store(true, Relaxed);
            }
        });
        rival.context("start a thread")?;
        while !begun.load(Relaxed) {
            thread::yield_now();
        }
        let cost = measure(work);
        ended.store(true, Relaxed);
        cost
    })
}

/// This thread holds the lock for some time, while another waits for it.
fn held(hold: Duration) -> Result<Cost> {
    let (tx, rx) = channel();
    thread::scope(|scope| {
        let held = COUNT.lock().expect(NO_PANIC);
        let waiter = thread::Builder::new().name("waiter".to_owned());
        let waiter = waiter.spawn_scoped(scope, move || {
            tx.send(gettid()).expect("the holder receives it");
            measure(count)
        });
        let waiter = waiter.context("start a thread")?;
        // The only place where it can sleep is the lock.
        proc::poll_until_asleep(rx.recv().context("the thread has panicked")?)?;
        thread::sleep(hold);
        drop(held);
        waiter.join().ok().context("join: the thread panicked")?
    })
}

/// What some work cost the thread that did it.
struct Cost {
    time: Duration,
    /// How often it left the CPU because it had to wait.
    sleeps: i64,
}

fn measure(work: impl Fn()) -> Result<Cost> {
    let sleeps = || -> Result<_> {
        let usage = getrusage(UsageWho::RUSAGE_THREAD).context("getrusage")?;
        Ok(usage.voluntary_context_switches())
    };
    let (start, before) = (Instant::now(), sleeps()?);
    work();
    Ok(Cost { time: start.elapsed(), sleeps: sleeps()? - before })
}

#[cfg(test)]
mod tests {
    use std::panic::catch_unwind;

    use common::panics;
    use testing::{printed, seen};

    use super::*;

    #[test]
    fn it_is_taken_as_often_as_is_said() {
        // The millionth time is once too often for the count.
        let lines = printed::lines("0", || {
            panics::silence();
            *COUNT.lock().unwrap() = u64::MAX - 999_999;
            let end = catch_unwind(|| run(&Options::of(&[("--times N", "")])));
            assert_eq!(panics::message(&*end.unwrap_err()), "attempt to add with overflow");
        });
        assert_eq!(lines, [""; 0]);
    }

    #[test]
    fn the_other_thread_that_wants_the_lock_counts_too() {
        let counted = || *COUNT.lock().unwrap();
        let grows = || {
            let before = counted();
            seen::until("another thread counts", || counted() > before);
        };
        contended(grows).unwrap();
    }
}
