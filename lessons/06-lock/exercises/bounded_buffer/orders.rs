//! What must hold in every order.

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use std::thread::{self, JoinHandle};

use harness::Scenario;

use super::program::Buffer;

pub const SCENARIOS: &[Scenario] = &[
    Scenario { name: "one thread, with room for 3 items", run: alone },
    Scenario { name: "a thread puts 3 items, another takes them, with room for 1", run: pair },
    Scenario {
        name: "a thread puts 2 items, with room for 2 and an item in it, before another takes one",
        run: full,
    },
    Scenario { name: "two threads put an item each, with room for 1", run: race },
    Scenario { name: "two threads take an item each, with room for 1", run: || takers(1) },
    Scenario { name: "two threads take an item each, with room for 2", run: || takers(2) },
    Scenario {
        name: "two threads put an item each, with room for 1 that is taken",
        run: || putters(1),
    },
    Scenario {
        name: "two threads put an item each, with room for 2 that is taken",
        run: || putters(2),
    },
];

fn put(buffer: &Arc<Buffer>, items: &'static [u32]) -> JoinHandle<()> {
    let buffer = Arc::clone(buffer);
    thread::spawn(move || {
        for &item in items {
            buffer.put(item);
        }
    })
}

fn require_next(buffer: &Buffer, expected: u32) {
    let item = buffer.take();
    assert!(item == expected, "the item {item} comes out, and not {expected}");
}

fn alone() {
    let buffer = Buffer::new(3);
    for item in [1, u32::MAX, 0] {
        buffer.put(item);
    }
    require_next(&buffer, 1);
    buffer.put(2);
    for item in [u32::MAX, 0, 2] {
        require_next(&buffer, item);
    }
    buffer.put(3);
    require_next(&buffer, 3);
}

fn pair() {
    let buffer = Arc::new(Buffer::new(1));
    let other = put(&buffer, &[1, 2, 3]);
    for item in [1, 2, 3] {
        require_next(&buffer, item);
    }
    join(other);
}

fn full() {
    let buffer = Arc::new(Buffer::new(2));
    buffer.put(10);
    buffer.put(1);
    require_next(&buffer, 10);
    let judges_is_taking = Arc::new(AtomicBool::new(false));
    let other = {
        let (buffer, is_taking) = (Arc::clone(&buffer), Arc::clone(&judges_is_taking));
        thread::spawn(move || {
            buffer.put(2);
            buffer.put(3);
            assert!(is_taking.load(SeqCst), "3 items are in a buffer with room for 2");
        })
    };
    judges_is_taking.store(true, SeqCst);
    for item in [1, 2, 3] {
        require_next(&buffer, item);
    }
    join(other);
}

fn race() {
    let buffer = Arc::new(Buffer::new(1));
    let judges_is_taking = Arc::new(AtomicBool::new(false));
    let judges_are_in = Arc::new(AtomicU32::new(0));
    let others = [1, 2].map(|item| {
        let (buffer, is_taking) = (Arc::clone(&buffer), Arc::clone(&judges_is_taking));
        let are_in = Arc::clone(&judges_are_in);
        thread::spawn(move || {
            buffer.put(item);
            if are_in.fetch_add(1, SeqCst) == 1 {
                assert!(is_taking.load(SeqCst), "2 items are in a buffer with room for 1");
            }
        })
    });
    judges_is_taking.store(true, SeqCst);
    require_both([buffer.take(), buffer.take()]);
    others.map(join);
}

fn takers(capacity: usize) {
    let buffer = Arc::new(Buffer::new(capacity));
    let others = [(); 2].map(|()| {
        let buffer = Arc::clone(&buffer);
        thread::spawn(move || buffer.take())
    });
    buffer.put(1);
    buffer.put(2);
    require_both(others.map(join));
}

/// The buffer is full at first. All that is in it then is taken, and what two threads put.
fn putters(capacity: usize) {
    let buffer = Arc::new(Buffer::new(capacity));
    for _ in 0..capacity {
        buffer.put(10);
    }
    let others = [put(&buffer, &[1]), put(&buffer, &[2])];
    for _ in 0..capacity {
        require_next(&buffer, 10);
    }
    require_both([buffer.take(), buffer.take()]);
    for other in others {
        join(other);
    }
}

fn require_both(items: [u32; 2]) {
    let [a, b] = items;
    assert!(a + b == 3 && a != b, "the items {a} and {b} come out, and not 1 and 2");
}

/// Joins a thread. If it has panicked, panics as it did.
fn join<T>(thread: JoinHandle<T>) -> T {
    thread.join().unwrap_or_else(|panic: Box<dyn Any + Send>| {
        let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let text = text.or(panic.downcast_ref::<String>().cloned());
        panic!("{}", text.unwrap_or_default())
    })
}
