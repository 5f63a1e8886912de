//! How chunks are handed out, under loom, which runs the orders of the two sides' steps that
//! C11's memory model permits, with up to three preemptions: each chunk is done, or it is the one
//! that was running when the worker died, or it is given back; and only one of these. The worker
//! never reads a chunk while another one is written in its place.

use std::collections::VecDeque;

use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::thread;

/// `chunks` once more, with loom's atomics.
mod atomic {
    pub use loom::sync::atomic::{AtomicU64, Ordering};
}
#[allow(clippy::duplicate_mod)]
#[path = "chunks.rs"]
mod chunks;

use atomic::AtomicU64;
use atomic::Ordering::{Acquire, Release};
use chunks::Chunks;

/// Memory for chunks of one word, which is the chunk's number.
struct Flow {
    words: Vec<UnsafeCell<u64>>,
    tail: AtomicU64,
    chunks: Chunks,
    /// How many results have come back. They are in the order of the chunks.
    results: AtomicU64,
}

/// What a worker does before it ends, or is killed.
#[derive(Clone, Copy)]
struct Life {
    /// How often it looks for a chunk.
    looks: usize,
    /// The last chunk that it begins has no result.
    dies: bool,
}

/// Returns the chunks that it has begun.
fn work(flow: &Flow, life: Life) -> Vec<u64> {
    let mut begun = Vec::new();
    for look in 1..=life.looks {
        if !flow.chunks.begin() {
            thread::yield_now();
            continue;
        }
        let head = begun.len();
        assert!(flow.tail.load(Acquire) > head as u64, "a chunk that is not there");
        // loom fails if the other side writes there at the same time.
        // SAFETY: the chunk was begun, so it is the worker's.
        begun.push(flow.words[head].with(|word| unsafe { *word }));
        if life.dies && look == life.looks {
            break;
        }
        flow.results.store(begun.len() as u64, Release);
    }
    begun
}

/// The manager's side, as `Worker` has it.
struct Manager {
    flow: Arc<Flow>,
    tail: usize,
    /// Chunks without a result, each with its place.
    given: VecDeque<(u64, usize)>,
    done: Vec<u64>,
}

impl Manager {
    fn give(&mut self, chunk: u64) {
        // SAFETY: what is after the tail is the manager's.
        self.flow.words[self.tail].with_mut(|word| unsafe { *word = chunk });
        self.given.push_back((chunk, self.tail));
        self.tail += 1;
        self.flow.tail.store(self.tail as u64, Release);
        self.flow.chunks.allow();
    }

    fn take_results(&mut self) {
        while (self.done.len() as u64) < self.flow.results.load(Acquire) {
            let (chunk, _) = self.given.pop_front().expect("a result is that of a chunk");
            self.done.push(chunk);
        }
    }

    fn take_back(&mut self) -> Vec<u64> {
        let revoked = self.flow.chunks.revoke();
        // A chunk that was begun is still there.
        let revoked = self.given.split_off(self.given.len() - revoked);
        if let Some((_, place)) = revoked.front() {
            self.tail = *place;
            self.flow.tail.store(*place as u64, Release);
        }
        revoked.into_iter().map(|(chunk, _)| chunk).collect()
    }
}

/// Gives two chunks to a worker that has this life, takes back those that it has not begun, and
/// gives it another one.
fn check(life: Life) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(3);
    model.check(move || {
        let flow = Arc::new(Flow {
            words: (0..3).map(|_| UnsafeCell::new(0)).collect(),
            tail: AtomicU64::new(0),
            chunks: Chunks::default(),
            results: AtomicU64::new(0),
        });
        let working = thread::spawn({
            let flow = Arc::clone(&flow);
            move || work(&flow, life)
        });
        let mut manager = Manager { flow, tail: 0, given: VecDeque::new(), done: Vec::new() };
        manager.give(1);
        manager.give(2);
        manager.take_results();
        let mut back = manager.take_back();
        manager.give(3);

        // It has ended, as in `Worker::reap`.
        let begun = working.join().unwrap();
        manager.take_results();
        let was_in_one = manager.flow.chunks.begun() as usize != manager.done.len();
        let mut rest = manager.given.into_iter().map(|(chunk, _)| chunk);
        let lost = if was_in_one { rest.next() } else { None };
        back.extend(rest);

        let ran: Vec<u64> = manager.done.iter().copied().chain(lost).collect();
        assert_eq!(begun, ran, "what it has run is done, or lost");
        assert!(lost.is_none() || life.dies);
        let mut all = [ran, back].concat();
        all.sort_unstable();
        assert_eq!(all, [1, 2, 3], "each of them is told once");
    });
}

#[test]
fn every_chunk_is_done_or_given_back() {
    (0..=3).for_each(|looks| check(Life { looks, dies: false }));
}

#[test]
fn a_death_costs_the_chunk_that_was_running() {
    (1..=3).for_each(|looks| check(Life { looks, dies: true }));
}
