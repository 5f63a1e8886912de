use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

pub struct Buffer {
    capacity: usize,
    items: Mutex<VecDeque<u32>>,
    changed: Condvar,
}

impl Buffer {
    pub fn new(capacity: usize) -> Buffer {
        Buffer { capacity, items: Mutex::new(VecDeque::new()), changed: Condvar::new() }
    }

    /// Puts an item in; waits until there is room.
    pub fn put(&self, item: u32) {
        let mut items = self.items.lock().unwrap();
        while items.len() == self.capacity {
            items = self.changed.wait(items).unwrap();
        }
        items.push_back(item);
        // Not right yet: this can wake a thread that waits for room, and the one in `take` can
        // wake one that waits for an item.
        self.changed.notify_one();
    }

    /// Takes the oldest item out; waits until there is one.
    pub fn take(&self) -> u32 {
        let mut items = self.items.lock().unwrap();
        while items.is_empty() {
            items = self.changed.wait(items).unwrap();
        }
        self.changed.notify_one();
        items.pop_front().unwrap()
    }
}

pub fn main() {
    let buffer = Arc::new(Buffer::new(1));
    let takers = [1, 2].map(|number| {
        let buffer = Arc::clone(&buffer);
        thread::spawn(move || println!("taker {number} gets {}", buffer.take()))
    });
    for item in [10, 20] {
        buffer.put(item);
    }
    for taker in takers {
        taker.join().unwrap();
    }
}
