//! Small programs, each a main thread that makes others. This file is compiled once for
//! the explorer and once for each peer: only where these come from differs.

use std::sync::Arc;

use super::sync::{RwLock, mpsc};
use super::{Atomic, Condvar, Mutex, spawn};

/// Two threads add to a number, `times` each, with a load and a store; returns it.
pub fn add(times: usize) -> i64 {
    let number = Atomic::new("number", 0);
    let shared = number.clone();
    both(move |_| (0..times).for_each(|_| shared.store(shared.load() + 1)));
    number.load()
}

/// The same, and looks whether it is right.
pub fn load_and_store(times: usize) {
    assert!(add(times) == 2 * times as i64, "an update is lost");
}

/// The same in one step.
pub fn fetch_add(times: usize) {
    let number = Atomic::new("number", 0);
    let shared = number.clone();
    both(move |_| (0..times).for_each(|_| _ = shared.fetch_add(1)));
    assert!(number.load() == 2 * times as i64, "an update is lost");
}

/// The same, tried again if the number is another one by then.
pub fn compare_exchange(times: usize) {
    let number = Atomic::new("number", 0);
    let shared = number.clone();
    both(move |_| {
        for _ in 0..times {
            let mut seen = shared.load();
            while let Err(other) = shared.compare_exchange(seen, seen + 1) {
                seen = other;
            }
        }
    });
    assert!(number.load() == 2 * times as i64, "an update is lost");
}

/// The same with a lock around the load and the store.
pub fn locked(times: usize) {
    let (number, lock) = (Atomic::new("number", 0), Mutex::new("lock", ()));
    let shared = number.clone();
    both(move |_| {
        for _ in 0..times {
            let _guard = lock.lock();
            shared.store(shared.load() + 1);
        }
    });
    assert!(number.load() == 2 * times as i64, "an update is lost");
}

/// The same with a lock that looks first and takes then. A thread that finds it taken gives
/// up.
pub fn broken_lock() {
    let (taken, inside) = (Atomic::new("taken", 0), Atomic::new("inside", 0));
    both(move |_| {
        if taken.load() == 0 {
            taken.store(1);
            alone(&inside);
            taken.store(0);
        }
    });
}

/// The same with a lock that looks and takes in one step.
pub fn swap_lock() {
    let (taken, inside) = (Atomic::new("taken", 0), Atomic::new("inside", 0));
    both(move |_| {
        if taken.compare_exchange(0, 1).is_ok() {
            alone(&inside);
            taken.store(0);
        }
    });
}

/// Peterson's lock, or one that looks at the other's flag before it raises its own. A thread
/// that would have to wait gives up.
pub fn peterson(flag_first: bool) {
    let flags = [Atomic::new("flag 0", 0), Atomic::new("flag 1", 0)];
    let (turn, inside) = (Atomic::new("turn", 0), Atomic::new("inside", 0));
    both(move |me| {
        let other = 1 - me;
        let mut free = flag_first || flags[other].load() == 0;
        flags[me].store(1);
        if flag_first {
            turn.store(other as i64);
            free = flags[other].load() == 0 || turn.load() == me as i64;
        }
        if free {
            alone(&inside);
        }
        flags[me].store(0);
    });
}

/// Each stores to one variable and reads the other: one of them sees the other's store.
pub fn store_buffering() {
    let variables = [Atomic::new("x", 0), Atomic::new("y", 0)];
    let seen = both(move |me| {
        variables[me].store(1);
        variables[1 - me].load()
    });
    assert!(seen != [0, 0], "neither saw the other's store");
}

/// A message, and a flag that says that it is there: raised after it, or before.
pub fn message_passing(data_first: bool) {
    let (data, flag) = (Atomic::new("data", 0), Atomic::new("flag", 0));
    let (first, second) =
        if data_first { (data.clone(), flag.clone()) } else { (flag.clone(), data.clone()) };
    let sender = spawn("sender", move || {
        first.store(1);
        second.store(1);
    });
    if flag.load() == 1 {
        assert!(data.load() == 1, "the flag came before the data");
    }
    sender.join();
}

/// What a thread has done is seen after a join, or without one.
pub fn spawn_and_join(join: bool) {
    let done = Atomic::new("done", 0);
    let other = done.clone();
    let thread = spawn("thread", move || other.store(1));
    if join {
        thread.join();
    }
    assert!(done.load() == 1, "not done");
}

/// Two threads take two locks, in the same order or not.
pub fn two_locks(in_one_order: bool) {
    let locks = [Mutex::new("a", ()), Mutex::new("b", ())];
    both(move |me| {
        let first = if in_one_order { 0 } else { me };
        let _first = locks[first].lock();
        let _second = locks[1 - first].lock();
    });
}

/// Three threads take two of three locks each, all in the direction of the ring, or one in
/// the other.
pub fn ring_of_locks(one_turns: bool) {
    let locks = [Mutex::new("a", ()), Mutex::new("b", ()), Mutex::new("c", ())];
    let take = move |me: usize| {
        let next = (me + 1) % 3;
        let (first, second) = if one_turns && next == 0 { (next, me) } else { (me, next) };
        let _first = locks[first].lock();
        let _second = locks[second].lock();
    };
    let also = take.clone();
    let thread = spawn("thread", move || also(2));
    both(take);
    thread.join();
}

/// The first thread makes something, once: it looks without the lock, then takes the lock,
/// and looks again, or not.
pub fn double_checked(again: bool) {
    let (made, lock) = (Atomic::new("made", 0), Mutex::new("lock", 0));
    both(move |_| {
        if made.load() == 0 {
            let mut times = lock.lock();
            if !again || made.load() == 0 {
                *times += 1;
                assert!(*times == 1, "made twice");
                made.store(1);
            }
        }
    });
}

/// Waits for a word, and looks whether it is there under the lock, or before.
pub fn wait_for_word(under_the_lock: bool) {
    let (ready, word) = (Mutex::new("ready", false), Condvar::new("word"));
    let (other, other_word) = (ready.clone(), word.clone());
    let teller = spawn("teller", move || {
        *other.lock() = true;
        other_word.notify_one();
    });
    if under_the_lock {
        let mut ready = ready.lock();
        while !*ready {
            ready = word.wait(ready);
        }
    } else {
        let there = *ready.lock();
        if !there {
            let ready = ready.lock();
            let _ready = word.wait(ready);
        }
    }
    teller.join();
}

/// One puts, two take, and all wait on one condition variable: the thread that is woken may
/// not be the one that can go on.
pub fn buffer(notify_all: bool) {
    let (count, changed) = (Mutex::new("count", 0), Condvar::new("changed"));
    let change = move |by: i64| {
        let mut guard = count.lock();
        while !(0..=1).contains(&(*guard + by)) {
            guard = changed.wait(guard);
        }
        *guard += by;
        if notify_all { changed.notify_all() } else { changed.notify_one() }
    };
    let takers = [change.clone(), change.clone()].map(|change| spawn("taker", move || change(-1)));
    change(1);
    change(1);
    takers.into_iter().for_each(|thread| thread.join());
}

/// Two threads read a number, and then write it, as one or as two accesses.
pub fn read_then_write(at_once: bool) {
    let number = Arc::new(RwLock::new(0));
    let shared = Arc::clone(&number);
    both(move |_| {
        if at_once {
            *shared.write().expect("no panic") += 1;
        } else {
            let seen = *shared.read().expect("no panic");
            *shared.write().expect("no panic") = seen + 1;
        }
    });
    assert!(*number.read().expect("no panic") == 2, "an update is lost");
}

/// Two threads send an item each, and this one receives some; one more sender is left.
pub fn receive(items: usize) -> Vec<i32> {
    let (sender, receiver) = mpsc::channel();
    let threads = [1, 2].map(|item| {
        let sender = sender.clone();
        spawn("sender", move || sender.send(item).expect("a receiver"))
    });
    let received = (0..items).map(|_| receiver.recv().expect("a sender")).collect();
    threads.into_iter().for_each(|thread| thread.join());
    drop(sender);
    received
}

/// Which of two items comes first is not known.
pub fn receive_in_order() {
    assert!(receive(2) == [1, 2], "the second came first");
}

/// Another thread and this one do the same; each gets its number.
fn both<T: Send + 'static>(act: impl Fn(usize) -> T + Clone + Send + 'static) -> [T; 2] {
    let other = act.clone();
    let thread = spawn("thread", move || other(1));
    let mine = act(0);
    [mine, thread.join()]
}

/// What only one thread may do at a time.
fn alone(inside: &Atomic) {
    assert!(inside.fetch_add(1) == 0, "two are inside");
    inside.fetch_add(-1);
}
