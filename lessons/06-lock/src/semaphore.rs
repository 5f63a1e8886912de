//! A semaphore: no more threads are inside at a time than it has permits. A thread that finds
//! no permit waits until one is given back. Compare with `turns`: a lock lets in one.

mod permits;

use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use common::menu::Options;
use common::paced;
use nix::unistd::gettid;
pub use permits::Semaphore;

use crate::inside::Inside;

/// What the threads share.
struct Shared {
    semaphore: Semaphore,
    /// No thread leaves before there are as many inside as there are permits.
    meeting: Barrier,
    inside: Inside,
}

pub fn run(options: &Options) -> Result<()> {
    let permits = options.number("--permits", 1..=20)?.unwrap_or(2);
    let threads = 3 * permits;
    println!("{threads} threads, {permits} permits");

    let shared = Arc::new(Shared {
        semaphore: Semaphore::new(permits),
        meeting: Barrier::new(permits),
        inside: Inside::new(),
    });
    let mut visitors = Vec::new();
    for number in 1..=threads {
        let shared = shared.clone();
        let visitor = thread::Builder::new().name(format!("visitor {number}"));
        visitors.push(visitor.spawn(move || visit(&shared)).context("start a thread")?);
    }
    for visitor in visitors {
        visitor.join().ok().context("join: the thread panicked")?;
    }
    println!("all have been inside, at most {} at a time", shared.inside.most());
    Ok(())
}

fn visit(Shared { semaphore, meeting, inside }: &Shared) {
    let tid = gettid();
    let _permit = semaphore.acquire();
    let _visit = inside.enter();
    println!("thread (tid {tid}) is inside");
    meeting.wait();
    thread::sleep(paced(Duration::from_secs(1)));
    println!("thread (tid {tid}) leaves");
}

#[cfg(test)]
mod tests {
    use testing::printed;

    use super::*;

    #[test]
    fn a_visitor_stays_until_as_many_are_inside_as_there_are_permits() {
        printed::lines("0", || {
            let shared = Arc::new(Shared {
                semaphore: Semaphore::new(2),
                meeting: Barrier::new(2),
                inside: Inside::new(),
            });
            let visitor = thread::spawn({
                let shared = shared.clone();
                move || visit(&shared)
            });
            // Time enough for a visit that waits for nobody.
            thread::sleep(Duration::from_millis(50));
            assert!(!visitor.is_finished());
            shared.meeting.wait();
            visitor.join().unwrap();
        });
    }
}
