//! What must hold in every order.

use std::any::Any;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Barrier, Mutex};
use std::thread::{self, JoinHandle};

use harness::Scenario;

use super::program::Semaphore;

pub const SCENARIOS: &[Scenario] = &[
    Scenario { name: "one thread, with 2 permits, releases one more than it took", run: alone },
    Scenario { name: "one thread takes 10 permits, releases 20, and takes 20", run: many },
    Scenario { name: "two threads go in, with 1 permit", run: || visits(1, 0, 0) },
    Scenario {
        name: "two threads go in, with 2 permits, one of which is taken",
        run: || visits(2, 1, 0),
    },
    Scenario {
        name: "two threads go in, with no permit at first, and then 1",
        run: || visits(0, 0, 1),
    },
    Scenario { name: "two threads meet inside, with 2 permits", run: meet },
    Scenario { name: "a thread waits for a permit, and another releases one", run: hand_over },
    Scenario { name: "two threads wait for a permit, and another releases two", run: two_releases },
    Scenario {
        name: "a thread waits for the permit that another releases and acquires again",
        run: overtaken,
    },
    Scenario {
        name: "a thread waits for two permits, and two threads release one each",
        run: two_acquires,
    },
];

fn alone() {
    let semaphore = Semaphore::new(2);
    for _ in 0..2 {
        semaphore.acquire();
        semaphore.acquire();
        semaphore.release();
        semaphore.release();
    }
    semaphore.release();
    for _ in 0..3 {
        semaphore.acquire();
    }
}

/// The number of permits has no limit.
fn many() {
    let semaphore = Semaphore::new(10);
    let take = |count| (0..count).for_each(|_| semaphore.acquire());
    take(10);
    (0..20).for_each(|_| semaphore.release());
    take(20);
}

/// Where threads go in that have a permit.
struct Room {
    semaphore: Semaphore,
    permits: usize,
    judges_inside: AtomicUsize,
}

impl Room {
    fn visit(&self) {
        self.semaphore.acquire();
        let inside = self.judges_inside.fetch_add(1, SeqCst) + 1;
        let permits = self.permits;
        assert!(
            inside <= permits,
            "{inside} threads are inside, and there are only {permits} permits"
        );
        self.judges_inside.fetch_sub(1, SeqCst);
        self.semaphore.release();
    }
}

/// Two threads visit the room, which has this number of permits; some others are inside all the
/// time, and some permits come only when the semaphore is there. At the end all permits are there
/// again.
fn visits(permits: usize, others: usize, more: usize) {
    let semaphore = Semaphore::new(permits);
    for _ in 0..others {
        semaphore.acquire();
    }
    for _ in 0..more {
        semaphore.release();
    }
    let permits = permits + more;
    let room = Arc::new(Room { semaphore, permits, judges_inside: AtomicUsize::new(others) });
    let threads = [(); 2].map(|()| {
        let room = Arc::clone(&room);
        thread::spawn(move || room.visit())
    });
    join(threads);
    for _ in others..permits {
        room.semaphore.acquire();
    }
}

fn meet() {
    let semaphore = Arc::new(Semaphore::new(2));
    let judges_barrier = Arc::new(Barrier::new(2));
    let other = {
        let (semaphore, inside) = (Arc::clone(&semaphore), Arc::clone(&judges_barrier));
        thread::spawn(move || {
            semaphore.acquire();
            inside.wait();
            semaphore.release();
        })
    };
    semaphore.acquire();
    judges_barrier.wait();
    semaphore.release();
    join([other]);
}

/// Starts a thread that acquires this many permits.
fn acquire(semaphore: &Arc<Semaphore>, count: usize) -> JoinHandle<()> {
    let semaphore = Arc::clone(semaphore);
    thread::spawn(move || {
        for _ in 0..count {
            semaphore.acquire();
        }
    })
}

fn hand_over() {
    let semaphore = Arc::new(Semaphore::new(0));
    let judges_letter = Arc::new(Mutex::new(None));
    let reader = {
        let (semaphore, letter) = (Arc::clone(&semaphore), Arc::clone(&judges_letter));
        thread::spawn(move || {
            semaphore.acquire();
            let letter = letter.lock().unwrap().take();
            assert!(letter.is_some(), "acquire returns before release was called");
        })
    };
    *judges_letter.lock().unwrap() = Some(1);
    semaphore.release();
    join([reader]);
}

fn two_releases() {
    let semaphore = Arc::new(Semaphore::new(0));
    let others = [(); 2].map(|()| acquire(&semaphore, 1));
    semaphore.release();
    semaphore.release();
    join(others);
}

fn overtaken() {
    let semaphore = Arc::new(Semaphore::new(1));
    semaphore.acquire();
    let other = {
        let semaphore = Arc::clone(&semaphore);
        thread::spawn(move || {
            semaphore.acquire();
            semaphore.release();
        })
    };
    semaphore.release();
    semaphore.acquire();
    semaphore.release();
    join([other]);
}

fn two_acquires() {
    let semaphore = Arc::new(Semaphore::new(0));
    let others = [(); 2].map(|()| {
        let semaphore = Arc::clone(&semaphore);
        thread::spawn(move || semaphore.release())
    });
    semaphore.acquire();
    semaphore.acquire();
    join(others);
}

/// Joins threads. If one has panicked, panics as it did; not as one that has only found a lock
/// poisoned.
fn join<const N: usize>(threads: [JoinHandle<()>; N]) {
    let mut panics: Vec<_> = threads.into_iter().filter_map(|thread| thread.join().err()).collect();
    panics.sort_by_key(|panic| message(panic).contains("Poison"));
    if let Some(panic) = panics.first() {
        panic!("{}", message(panic));
    }
}

fn message(panic: &Box<dyn Any + Send>) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or(panic.downcast_ref::<String>().map(String::as_str)).unwrap_or_default();
    match text {
        "attempt to subtract with overflow" => {
            "a thread takes a permit, and there is none: 0 - 1 panics".to_owned()
        }
        text => text.to_owned(),
    }
}
