//! What must hold in every order.

use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Barrier};
use std::thread::{self, JoinHandle};

use harness::Scenario;

use super::program::Cache;

pub const SCENARIOS: &[Scenario] = &[
    Scenario { name: "one thread asks for the keys 1, 2 and 1", run: alone },
    Scenario { name: "two threads ask for the same key", run: || same::<1>() },
    Scenario { name: "two threads ask for different keys, and meet as they compute", run: meet },
    Scenario { name: "to compute one key, a thread asks for another", run: nested },
    Scenario {
        name: "to compute a key, a thread asks for another, and so on for 24 keys",
        run: nested_deeply,
    },
    Scenario {
        name: "a thread computes a key until another has asked for one that is there",
        run: kept,
    },
    Scenario {
        name: "two threads ask for the key 1 and one for 2, and the keys' computations meet",
        run: meet_past_a_waiting_one,
    },
    Scenario { name: "three threads ask for the same key", run: || same::<2>() },
];

/// A cache, and how often something was computed for it.
struct Watched {
    cache: Cache,
    judges_count: AtomicU64,
}

impl Watched {
    fn new() -> Arc<Watched> {
        Arc::new(Watched { cache: Cache::new(), judges_count: AtomicU64::new(0) })
    }

    /// Asks for a key. A value that is computed is 100 times the key, and how many values have
    /// been computed so far.
    fn get(&self, key: u32) -> u64 {
        self.cache.get(key, || 100 * u64::from(key) + self.judges_count.fetch_add(1, SeqCst) + 1)
    }

    fn ask(self: &Arc<Self>, key: u32) -> JoinHandle<u64> {
        let watched = Arc::clone(self);
        thread::spawn(move || watched.get(key))
    }

    fn require_computed(&self, count: u64) {
        let computed = self.judges_count.load(SeqCst);
        assert!(computed == count, "{computed} values were computed, and not {count}");
    }
}

fn alone() {
    let watched = Watched::new();
    for (key, value) in [(1, 101), (2, 202), (1, 101), (2, 202)] {
        require(key, watched.get(key), value);
    }
    watched.require_computed(2);
}

/// Main asks, and others do.
fn same<const OTHERS: usize>() {
    let watched = Watched::new();
    let threads = [(); OTHERS].map(|()| watched.ask(1));
    let mut values = vec![watched.get(1)];
    values.extend(threads.map(|thread| thread.join().unwrap()));
    watched.require_computed(1);
    for value in values {
        require(1, value, 101);
    }
    require(1, watched.get(1), 101);
}

/// No two keys are so different that they may keep each other waiting: these two are the same by
/// any number of locks up to 16, and by any power of two up to 1024.
fn meet() {
    let cache = Arc::new(Cache::new());
    let judges_barrier = Arc::new(Barrier::new(2));
    let (one, two) = (7, 7 + 1024 * 45_045);
    let other = ask(&cache, two, &judges_barrier);
    require(one, get(&cache, one, &judges_barrier), 10);
    require(two, other.join().unwrap(), 10);
}

/// A thread that waits for one key must not keep those waiting that ask for another.
fn meet_past_a_waiting_one() {
    let cache = Arc::new(Cache::new());
    let judges_barrier = Arc::new(Barrier::new(2));
    let others = [1, 2].map(|key| (key, ask(&cache, key, &judges_barrier)));
    require(1, get(&cache, 1, &judges_barrier), 10);
    for (key, other) in others {
        require(key, other.join().unwrap(), 10);
    }
}

/// Asks for a key. To compute it, two threads must be inside.
fn get(cache: &Cache, key: u32, inside: &Barrier) -> u64 {
    cache.get(key, || {
        inside.wait();
        10
    })
}

fn ask(cache: &Arc<Cache>, key: u32, inside: &Arc<Barrier>) -> JoinHandle<u64> {
    let (cache, inside) = (Arc::clone(cache), Arc::clone(inside));
    thread::spawn(move || get(&cache, key, &inside))
}

fn nested() {
    let cache = Cache::new();
    let value = cache.get(1, || 1 + cache.get(2, || 1 + cache.get(1025, || 10)));
    require(1, value, 12);
    require(2, cache.get(2, || 0), 11);
    require(1025, cache.get(1025, || 0), 10);
}

/// However the keys share fewer locks than there are keys here, two of them have the same one.
fn nested_deeply() {
    let cache = Cache::new();
    require(23 * 23, nest(&cache, 23), 24);
    require(0, cache.get(0, || 0), 1);
}

/// The value of the square: one more than that of the square before.
fn nest(cache: &Cache, root: u32) -> u64 {
    cache.get(root * root, || 1 + if root == 0 { 0 } else { nest(cache, root - 1) })
}

/// A value that is there can be had while another is computed.
fn kept() {
    let cache = Arc::new(Cache::new());
    cache.get(1, || 10);
    let judges_barrier = Arc::new(Barrier::new(2));
    let other = ask(&cache, 2, &judges_barrier);
    require(1, cache.get(1, || 0), 10);
    judges_barrier.wait();
    require(2, other.join().unwrap(), 10);
}

fn require(key: u32, value: u64, expected: u64) {
    assert!(value == expected, "the value of the key {key} is {value}, and not {expected}");
}
