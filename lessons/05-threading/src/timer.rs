//! A function that is called later, unless its timer is cancelled: Python's `threading.Timer`.
//! Compare with `cancel`, and with `timer.py`.

use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use common::{paced, text};
use nix::unistd::gettid;

const SECOND: Duration = Duration::from_secs(1);

pub fn run() -> Result<()> {
    println!("a timer of half a second:");
    wait_for_it(paced(SECOND / 2))?;
    println!("a timer of a second, cancelled before that:");
    cancel_in_time(paced(SECOND))?;
    println!("a timer of a tenth of a second, cancelled after that:");
    cancel_too_late(paced(SECOND / 10))
}

/// A thread that waits, and then calls a function. Dropping the sender ends the wait.
struct Timer {
    running: Sender<()>,
    /// Whether it has called the function.
    thread: JoinHandle<bool>,
}

impl Timer {
    fn start(delay: Duration, function: impl FnOnce() + Send + 'static) -> Result<Timer> {
        let (running, cancelled) = mpsc::channel();
        let thread = thread::Builder::new().name("timer".to_owned()).spawn(move || {
            let is_time = cancelled.recv_timeout(delay) == Err(RecvTimeoutError::Timeout);
            if is_time {
                function();
            }
            is_time
        });
        Ok(Timer { running, thread: thread.context("start a thread")? })
    }

    /// Ends the wait, if it is not over. Returns whether the function was called.
    fn cancel(self) -> Result<bool> {
        drop(self.running);
        self.thread.join().ok().context("join: the function panicked")
    }

    /// Waits until the function has returned.
    fn wait(self) -> Result<()> {
        self.thread.join().ok().context("join: the function panicked")?;
        drop(self.running);
        Ok(())
    }
}

fn wait_for_it(delay: Duration) -> Result<()> {
    let start = Instant::now();
    let timer = Timer::start(delay, move || {
        println!("  tid {}: hello, world, after {}", gettid(), text::time(start.elapsed()));
    })?;
    timer.wait()
}

fn cancel_in_time(delay: Duration) -> Result<()> {
    let start = Instant::now();
    let timer = Timer::start(delay, || println!("  tid {}: hello, world", gettid()))?;
    thread::sleep(delay / 10);
    let called = timer.cancel()?;
    println!("  main: called: {called}; it ended after {}", text::time(start.elapsed()));
    Ok(())
}

fn cancel_too_late(delay: Duration) -> Result<()> {
    let (tx, rx) = mpsc::channel();
    let timer = Timer::start(delay, move || {
        println!("  tid {}: hello, world", gettid());
        let _ = tx.send(());
    })?;
    rx.recv().context("it was not called")?;
    println!("  main: called: {}", timer.cancel()?);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timer_that_is_cancelled_does_not_call() {
        let timer = Timer::start(Duration::MAX, || panic!("it is called")).unwrap();
        assert!(!timer.cancel().unwrap());
    }

    #[test]
    fn a_timer_that_is_dropped_is_cancelled_and_drops_its_function() {
        let (tx, rx) = mpsc::channel();
        drop(Timer::start(Duration::MAX, move || tx.send(()).unwrap()).unwrap());
        rx.recv().unwrap_err();
    }

    #[test]
    fn a_timer_calls_its_function_once_and_says_so() {
        for delay in [Duration::ZERO, Duration::from_millis(20)] {
            let (start, (tx, rx)) = (Instant::now(), mpsc::channel());
            let timer = Timer::start(delay, move || tx.send(start.elapsed()).unwrap()).unwrap();
            assert!(rx.recv().unwrap() >= delay);
            assert!(timer.cancel().unwrap());
            rx.recv().unwrap_err();
        }
        let (tx, rx) = mpsc::channel();
        Timer::start(Duration::ZERO, move || tx.send(()).unwrap()).unwrap().wait().unwrap();
        rx.try_recv().unwrap();
    }

    #[test]
    fn a_function_that_panics_is_an_error() {
        let ends: [fn(Timer) -> Result<()>; 2] = [Timer::wait, |timer| timer.cancel().map(drop)];
        for end in ends {
            let (tx, rx) = mpsc::channel::<()>();
            let panic = move || {
                let _tx = tx;
                panic!("it goes wrong");
            };
            let timer = Timer::start(Duration::ZERO, panic).unwrap();
            rx.recv().unwrap_err();
            assert_eq!(end(timer).unwrap_err().to_string(), "join: the function panicked");
        }
    }
}
