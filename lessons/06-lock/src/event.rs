//! An event, as Python's threading.Event: threads wait until it is set. It is made of a lock and
//! a condition variable. Compare with `condvar`: there, what was put in can be taken only once.

use std::sync::mpsc::channel;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use common::{paced, proc, text};
use explorer::{Explorer, Program, add_source, sync as explored};
use nix::unistd::gettid;

use crate::found::{show_simplest, try_all};

#[derive(Default)]
struct Event {
    is_set: Mutex<bool>,
    was_set: Condvar,
}

impl Event {
    fn set(&self) {
        *self.lock() = true;
        self.was_set.notify_all();
    }

    fn clear(&self) {
        *self.lock() = false;
    }

    fn is_set(&self) -> bool {
        *self.lock()
    }

    /// Sleeps until it is set.
    fn wait(&self) {
        let is_set = self.was_set.wait_while(self.lock(), |is_set| !*is_set);
        drop(is_set.expect(NO_PANIC));
    }

    /// The same, but not longer than `time`; returns whether it is set.
    fn wait_timeout(&self, time: Duration) -> bool {
        let is_set = self.was_set.wait_timeout_while(self.lock(), time, |is_set| !*is_set);
        *is_set.expect(NO_PANIC).0
    }

    fn lock(&self) -> MutexGuard<'_, bool> {
        self.is_set.lock().expect(NO_PANIC)
    }
}

const NO_PANIC: &str = "no thread panics while it holds the lock";

const SOURCE: &str = include_str!("event.rs");

pub fn run() -> Result<()> {
    start_together()?;
    beat_until_stopped()?;

    add_source(file!(), SOURCE);
    println!("one thread waits, and another sets it and clears it at once:");
    try_all(Explorer::default(), woken_by(set_and_clear))?;
    show_simplest(Explorer::default(), woken_by(set_and_clear), SOURCE)?;
    println!("the same, but it counts how often it was set:");
    let report = try_all(Explorer::default(), woken_by(count))?;
    ensure!(report.failures == 0, "it went wrong, and is right");
    Ok(())
}

/// Three threads wait for one event; a fourth comes when it is set.
fn start_together() -> Result<()> {
    let start = Arc::new(Event::default());
    let (tx, rx) = channel();
    let mut runners = Vec::new();
    for _ in 0..3 {
        let (start, tx) = (start.clone(), tx.clone());
        let runner = thread::Builder::new().name("runner".to_owned()).spawn(move || {
            tx.send(gettid()).expect("main receives it");
            start.wait();
            println!("thread (tid {}) runs", gettid());
        });
        runners.push(runner.context("start a thread")?);
        // Polls /proc: the event is the only place where it can sleep.
        proc::poll_until_asleep(rx.recv().context("the thread has panicked")?)?;
    }
    println!("3 threads wait; is it set? {}", start.is_set());
    start.set();
    for runner in runners {
        runner.join().ok().context("join: the thread panicked")?;
    }
    start.wait();
    println!("main comes late, and need not wait");

    start.clear();
    let (time, begin) = (paced(Duration::from_secs(1)), Instant::now());
    let is_set = start.wait_timeout(time);
    let [time, waited] = [time, begin.elapsed()].map(text::time);
    println!("cleared; main waits with a limit of {time}: is it set? {is_set}, after {waited}");
    Ok(())
}

/// Python's `while not stop.wait(1)`: a pause that ends when the event is set.
fn beat_until_stopped() -> Result<()> {
    let stop = Arc::new(Event::default());
    let (tx, rx) = channel();
    let begin = Instant::now();
    let heart = thread::Builder::new().name("heart".to_owned()).spawn({
        let stop = stop.clone();
        move || {
            while !stop.wait_timeout(paced(Duration::from_secs(1))) {
                tx.send(()).expect("main waits for this thread");
            }
        }
    });
    let heart = heart.context("start a thread")?;
    for _ in 0..2 {
        rx.recv().context("the thread has panicked")?;
    }
    let time = text::time(begin.elapsed());
    stop.set();
    heart.join().ok().context("join: the thread panicked")?;
    println!("a thread that beats every second: two beats took {time}, then it was stopped");
    Ok(())
}

/// Wrong: the waiting thread is woken, but when it looks, the event is cleared again.
fn set_and_clear(times: &explored::Mutex<u32>, was_set: &explored::Condvar) {
    *times.lock().unwrap() = 1;
    was_set.notify_all();
    *times.lock().unwrap() = 0;
}

/// Right: what has happened once more is never taken back.
fn count(times: &explored::Mutex<u32>, was_set: &explored::Condvar) {
    *times.lock().unwrap() += 1;
    was_set.notify_all();
}

/// For the explorer: main waits while another thread wakes it.
fn woken_by(wake: fn(&explored::Mutex<u32>, &explored::Condvar)) -> impl Fn(&mut Program) + Sync {
    explorer::main(move || {
        let times = Arc::new(explored::Mutex::new(0));
        let was_set = Arc::new(explored::Condvar::new());
        // Main has the lock until it waits, so the other does not come too early.
        let seen = times.lock().unwrap();
        let other = explorer::thread::spawn({
            let (times, was_set) = (times.clone(), was_set.clone());
            move || wake(&times, &was_set)
        });
        let seen = was_set.wait_while(seen, |times| *times == 0).unwrap();
        drop(seen);
        other.join().unwrap();
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    /// Starts this in a thread, which sleeps until the event is set; returns what it returns.
    fn sleeps_until_set<T: Send>(event: &Event, wait: impl FnOnce(&Event) -> T + Send) -> T {
        let (tx, rx) = channel();
        thread::scope(|scope| {
            let waiter = scope.spawn(move || {
                tx.send(gettid()).unwrap();
                wait(event)
            });
            let tid = rx.recv().unwrap();
            assert!(proc::poll_until_asleep(tid).unwrap() && !waiter.is_finished());
            // Woken for nothing, it sleeps again.
            event.was_set.notify_all();
            assert!(proc::poll_until_asleep(tid).unwrap() && !waiter.is_finished());
            event.set();
            waiter.join().unwrap()
        })
    }

    #[test]
    fn a_thread_waits_until_it_is_set_and_nobody_waits_after_that() {
        let event = Event::default();
        sleeps_until_set(&event, Event::wait);
        assert!(event.is_set());
        event.wait();
        assert!(event.wait_timeout(HOUR));
        event.clear();
        assert!(!event.is_set());
        assert!(sleeps_until_set(&event, |event| event.wait_timeout(HOUR)));
    }

    #[test]
    fn a_wait_with_a_limit_ends_without_the_event() {
        let (event, time) = (Event::default(), Duration::from_millis(20));
        let begin = Instant::now();
        assert!(!event.wait_timeout(time));
        assert!(begin.elapsed() >= time);
    }

    #[test]
    fn all_that_wait_are_woken() {
        let (event, (tx, rx)) = (Event::default(), channel());
        thread::scope(|scope| {
            for _ in 0..5 {
                scope.spawn(|| {
                    tx.send(gettid()).unwrap();
                    event.wait();
                });
            }
            rx.iter().take(5).for_each(|tid| assert!(proc::poll_until_asleep(tid).unwrap()));
            event.set();
        });
    }
}
