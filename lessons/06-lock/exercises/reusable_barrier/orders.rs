//! What must hold in every order.

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::thread::{self, JoinHandle};

use harness::{Scenario, settle, unseen};

use super::program::Barrier;

pub const SCENARIOS: &[Scenario] = &[
    Scenario { name: "a barrier for one thread, used five times", run: alone },
    Scenario { name: "two threads, once", run: || rounds::<2>(1) },
    Scenario { name: "two threads, twice", run: || rounds::<2>(2) },
    Scenario { name: "three threads, once", run: || rounds::<3>(1) },
    Scenario { name: "a fourth thread comes to three that wait", run: fourth },
    Scenario { name: "two threads, five times, main always last", run: main_is_last },
    Scenario { name: "two threads, three times", run: || rounds::<2>(3) },
    Scenario { name: "three threads, twice", run: three_twice },
];

fn alone() {
    let barrier = Barrier::new(1);
    for _ in 0..5 {
        barrier.wait();
    }
}

/// A barrier, and how often each thread has come to it.
struct Watched<const N: usize> {
    barrier: Barrier,
    rounds: [AtomicUsize; N],
}

impl<const N: usize> Watched<N> {
    fn wait(&self, me: usize, rounds: usize) {
        for round in 1..=rounds {
            self.rounds[me].store(round, SeqCst);
            self.barrier.wait();
            for (other, of_other) in self.rounds.iter().enumerate() {
                let is_there = other == me || of_other.load(SeqCst) >= round;
                assert!(is_there, "a thread goes on after round {round} before all have come");
            }
        }
    }
}

/// N threads, one of them main, use the barrier this many times.
fn rounds<const N: usize>(rounds: usize) {
    let round = [(); N].map(|()| AtomicUsize::new(0));
    let watched = Arc::new(Watched { barrier: Barrier::new(N), rounds: round });
    let others: Vec<_> = (1..N)
        .map(|me| {
            let watched = Arc::clone(&watched);
            thread::spawn(move || watched.wait(me, rounds))
        })
        .collect();
    watched.wait(0, rounds);
    others.into_iter().for_each(join);
}

/// Three threads, one of them main. The explorer does not see them count: otherwise there would be
/// too many orders.
fn three_twice() {
    let barrier = Arc::new(Barrier::new(3));
    let come = Arc::new(unseen::AtomicUsize::new(0));
    let twice = |barrier: &Barrier, come: &unseen::AtomicUsize| {
        for round in 1..=2 {
            come.fetch_add(1, SeqCst);
            barrier.wait();
            let is_early = come.load(SeqCst) < 3 * round;
            assert!(!is_early, "a thread goes on after round {round} before all have come");
        }
    };
    let others = [(); 2].map(|()| {
        let (barrier, come) = (Arc::clone(&barrier), Arc::clone(&come));
        let other = thread::spawn(move || twice(&barrier, &come));
        settle();
        other
    });
    twice(&barrier, &come);
    others.into_iter().for_each(join);
}

fn main_is_last() {
    let barrier = Arc::new(Barrier::new(2));
    for round in 1..=5 {
        let has_gone_on = Arc::new(AtomicUsize::new(0));
        let other = {
            let (barrier, has_gone_on) = (Arc::clone(&barrier), Arc::clone(&has_gone_on));
            thread::spawn(move || {
                barrier.wait();
                has_gone_on.store(1, SeqCst);
            })
        };
        settle();
        let is_waiting = has_gone_on.load(SeqCst) == 0;
        assert!(is_waiting, "a thread goes on after round {round} before all have come");
        barrier.wait();
        join(other);
    }
}

fn fourth() {
    let barrier = Arc::new(Barrier::new(4));
    let others = [(); 3].map(|()| {
        let barrier = Arc::clone(&barrier);
        let other = thread::spawn(move || barrier.wait());
        settle();
        other
    });
    barrier.wait();
    others.into_iter().for_each(join);
}

/// Joins a thread. If it has panicked, panics as it did.
fn join<T>(thread: JoinHandle<T>) -> T {
    thread.join().unwrap_or_else(|panic: Box<dyn Any + Send>| {
        let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let text = text.or(panic.downcast_ref::<String>().cloned());
        panic!("{}", text.unwrap_or_default())
    })
}
