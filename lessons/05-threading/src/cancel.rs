//! How a thread is stopped: it has to look whether it should stop. Four threads do, each in another
//! way, and the fifth can't. Compare with `detach`.

use std::io::{self, Read};
use std::mem;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use common::{paced, text};
use nix::unistd::gettid;

const SECOND: Duration = Duration::from_secs(1);

pub fn run() -> Result<()> {
    println!("a thread computes, and looks at a flag:");
    stop_by_a_flag()?;
    println!("a thread waits for jobs from a channel:");
    stop_by_the_end_of_a_channel()?;
    println!("a thread sleeps between two rounds, and then looks at a flag:");
    stop_a_sleeper()?;
    println!("a thread waits between two rounds, and a channel ends the wait:");
    stop_a_waiter()?;
    println!("a thread reads from a pipe into which nothing is written:");
    leave_a_reader()
}

fn stop_by_a_flag() -> Result<()> {
    let stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stop);
    let thread = start("computes", move || count(&flag))?;

    thread::sleep(paced(SECOND / 10));
    stop.store(true, Relaxed);
    join(thread)
}

fn count(stop: &AtomicBool) {
    let mut number = 0_u64;
    while !stop.load(Relaxed) {
        number += 1;
    }
    println!("  tid {}: I have counted to ≈ {number}, and I should stop", gettid());
}

fn stop_by_the_end_of_a_channel() -> Result<()> {
    let (jobs, queue) = mpsc::channel();
    let thread = start("does jobs", move || {
        for job in queue {
            println!("  tid {}: I do {job}", gettid());
        }
        println!("  tid {}: no job will come any more", gettid());
    })?;

    for job in ["job 1", "job 2"] {
        jobs.send(job).context("the thread has ended")?;
    }
    thread::sleep(paced(SECOND / 10));
    drop(jobs);
    join(thread)
}

fn stop_a_sleeper() -> Result<()> {
    let stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stop);
    let thread = start("sleeps", move || {
        loop {
            println!("  tid {}: a round, and a second of sleep", gettid());
            thread::sleep(paced(SECOND));
            if flag.load(Relaxed) {
                break;
            }
        }
    })?;

    thread::sleep(paced(SECOND / 10));
    stop.store(true, Relaxed);
    join(thread)
}

fn stop_a_waiter() -> Result<()> {
    let (running, end) = mpsc::channel::<()>();
    let thread = start("waits", move || {
        loop {
            println!("  tid {}: a round, and a wait of at most a second", gettid());
            match end.recv_timeout(paced(SECOND)) {
                Err(RecvTimeoutError::Timeout) => {}
                Ok(()) | Err(RecvTimeoutError::Disconnected) => break,
            }
        }
    })?;

    thread::sleep(paced(SECOND / 10));
    drop(running);
    join(thread)
}

fn leave_a_reader() -> Result<()> {
    let (mut pipe, writer) = io::pipe().context("make a pipe")?;
    let thread = start("reads", move || {
        let end = pipe.read_to_end(&mut Vec::new());
        println!("  tid {}: the pipe has ended: {end:?}", gettid());
    })?;
    // The write end stays open to the end of the process.
    mem::forget(writer);

    thread::sleep(paced(SECOND / 10));
    leave(&thread);
    Ok(())
}

fn leave(thread: &JoinHandle<()>) {
    println!("  main: it has ended: {}. I return", thread.is_finished());
}

fn start(name: &str, work: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>> {
    thread::Builder::new().name(name.to_owned()).spawn(work).context("start a thread")
}

fn join(thread: JoinHandle<()>) -> Result<()> {
    let asked = Instant::now();
    thread.join().ok().context("join: the thread panicked")?;
    println!("  main: it ended {} after I asked", text::time(asked.elapsed()));
    Ok(())
}

#[cfg(test)]
mod tests {
    use testing::printed;

    use super::*;

    #[test]
    fn the_number_is_how_often_the_flag_was_looked_at() {
        let lines = printed::lines("0", || {
            count(&AtomicBool::new(true));
            let stop = AtomicBool::new(false);
            thread::scope(|scope| {
                scope.spawn(|| count(&stop));
                thread::sleep(Duration::from_millis(50));
                stop.store(true, Relaxed);
            });
        });
        let numbers = lines.iter().map(|line| {
            let (_, number) = line.split_once(": I have counted to ≈ ").unwrap();
            number.strip_suffix(", and I should stop").unwrap().parse::<u64>().unwrap()
        });
        let numbers: Vec<_> = numbers.collect();
        // On a busy machine the second thread may begin when the flag is set.
        assert!(numbers[0] == 0 && numbers.len() == 2, "{numbers:?}");
    }

    #[test]
    fn each_look_at_the_flag_counts_once() {
        let lines = printed::lines("0", || {
            for _ in 0..30 {
                let stop = AtomicBool::new(false);
                thread::scope(|scope| {
                    scope.spawn(|| count(&stop));
                    thread::sleep(Duration::from_millis(2));
                    stop.store(true, Relaxed);
                });
            }
        });
        let number = |line: &String| -> u64 {
            let (_, number) = line.split_once("≈ ").unwrap();
            number.split(',').next().unwrap().parse().unwrap()
        };
        // Numbers of which each is a multiple of two, or of another number, are not counted.
        let divisor = lines.iter().map(number).fold(0, |mut divisor, mut number| {
            while number > 0 {
                (divisor, number) = (number, divisor % number);
            }
            divisor
        });
        assert!(divisor <= 1, "all are multiples of {divisor}: {lines:#?}");
    }

    #[test]
    fn a_thread_that_has_ended_is_one_that_has_ended() {
        let lines = printed::lines("0", || {
            let thread = start("ends", || ()).unwrap();
            while !thread.is_finished() {
                thread::yield_now();
            }
            leave(&thread);
        });
        assert_eq!(lines, ["  main: it has ended: true. I return"]);
    }
}
