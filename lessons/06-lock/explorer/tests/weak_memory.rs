//! What weak memory permits, and no order of the steps explains. The crate loom tries it; so no
//! processor is needed that does it. The demo `ordering` has the same two programs.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use explorer::{Atomic, Explorer, Orders};
use loom::sync::atomic::AtomicU32;
use loom::sync::atomic::Ordering::{self, Acquire, Relaxed, Release};

/// A thread stores a message, then a flag; another loads the flag, then the message. Returns
/// each outcome that loom has seen: `[flag, message]`.
fn send(store: Ordering, load: Ordering) -> BTreeSet<[u32; 2]> {
    outcomes(move || {
        let (message, flag) = (loom_atomic(), loom_atomic());
        let sender = {
            let (message, flag) = (message.clone(), flag.clone());
            loom::thread::spawn(move || {
                message.store(1, Relaxed);
                flag.store(1, store);
            })
        };
        let seen = [flag.load(load), message.load(Relaxed)];
        sender.join().unwrap();
        seen
    })
}

/// Each of two threads stores to a variable of its own, then loads the other's. Returns each
/// outcome that loom has seen.
fn announce(store: Ordering, load: Ordering) -> BTreeSet<[u32; 2]> {
    outcomes(move || {
        let (x, y) = (loom_atomic(), loom_atomic());
        let other = {
            let (x, y) = (x.clone(), y.clone());
            loom::thread::spawn(move || {
                y.store(1, store);
                x.load(load)
            })
        };
        x.store(1, store);
        let seen = y.load(load);
        [seen, other.join().unwrap()]
    })
}

fn loom_atomic() -> loom::sync::Arc<AtomicU32> {
    loom::sync::Arc::new(AtomicU32::new(0))
}

fn outcomes(program: impl Fn() -> [u32; 2] + Send + Sync + 'static) -> BTreeSet<[u32; 2]> {
    let outcomes = Arc::new(Mutex::new(BTreeSet::new()));
    let seen = outcomes.clone();
    loom::model(move || _ = seen.lock().unwrap().insert(program()));
    let outcomes = outcomes.lock().unwrap();
    println!("{outcomes:?}");
    outcomes.clone()
}

#[test]
fn with_relaxed_the_flag_may_come_before_the_message() {
    assert_eq!(send(Relaxed, Relaxed), BTreeSet::from([[0, 0], [0, 1], [1, 0], [1, 1]]));
}

#[test]
fn half_of_the_pair_is_not_enough() {
    assert!(send(Release, Relaxed).contains(&[1, 0]));
    assert!(send(Relaxed, Acquire).contains(&[1, 0]));
}

#[test]
fn with_release_and_acquire_the_message_is_there() {
    assert_eq!(send(Release, Acquire), BTreeSet::from([[0, 0], [0, 1], [1, 1]]));
}

#[test]
fn with_release_and_acquire_neither_may_see_the_other() {
    assert!(announce(Release, Acquire).contains(&[0, 0]));
}

#[test]
fn the_explorer_never_sees_the_flag_before_the_message() {
    let report = Explorer::default().explore(Orders::All, |threads| {
        let [message, flag] = ["message", "flag"].map(|name| Atomic::new(name, 0));
        let (sent, raised) = (message.clone(), flag.clone());
        threads.thread("sends", move || {
            sent.store(1);
            raised.store(1);
        });
        threads.thread("receives", move || {
            let seen = [flag.load(), message.load()];
            assert_ne!(seen, [1, 0]);
        });
    });
    assert!(report.is_exhaustive() && report.failures == 0, "{report}");
}
